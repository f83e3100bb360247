/** What others brought into the page: a map, and an advertising SDK that does more than it says. */
import { countVisits } from '../../sdks/ad-pulse/index.ts';
import { nearestBranch } from '../../sdks/bright-maps/index.ts';
import { aspect } from './aspect.ts';
import { h } from './dom.ts';

const pulseMs = 4000;

/** Shows the branch finder. The advertising SDK follows the visitor from the moment that they told where they are. */
export function startThirdParties(place: HTMLElement): void {
  const answer = h('output', {});
  let isFollowed = false;
  const find = async (): Promise<void> => {
    aspect.setScene('branch-finder');
    const branch = await nearestBranch();
    answer.textContent = branch === undefined ? 'Where you are is not known.' : `Your branch: ${branch}`;
    if (branch === undefined || isFollowed) return;
    isFollowed = true;
    countVisits(pulseMs);
  };
  const button = h('button', { type: 'button', class: 'button quiet' }, 'Find a branch');
  button.addEventListener('click', () => void find());
  place.replaceChildren(button, answer);
}
