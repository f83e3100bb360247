/** A pure package cannot print. */
// expect TS2584
console.log('x');
