/** The shape of objects that strangers wrote: exactly these members, each of its form. */

/** Whether a value is a plain object with these members and no others. */
export const hasSignalShape = (
  value: unknown,
  members: Readonly<Record<string, (member: unknown) => boolean>>,
): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(members);
  if (Object.keys(value).length !== names.length) return false;
  return names.every(
    (name) =>
      Object.hasOwn(value, name) && members[name]?.((value as Readonly<Record<string, unknown>>)[name]) === true,
  );
};
