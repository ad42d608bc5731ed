const server = (path) => new URL(path, import.meta.url).href;

const BARE = server('servers/nest-bare.mjs');
const BY_HAND = server('servers/nest-by-hand.mjs');
const OURS = server('servers/nest-ours.mjs');
const INSPECTED = server('servers/nest-ours-inspected.mjs');
const WATCHED = server('servers/nest-ours-watched.mjs');

/** What runs on a platform, and a forged delivery to ours. */
function onNest(platform, title) {
  const group = { platform, bare: `${title}: bare route`, byHand: `${title}: by hand` };
  return {
    [group.bare]: { file: BARE, ...group },
    [group.byHand]: { file: BY_HAND, ...group },
    [`${title}: ours`]: { file: OURS, ...group },
    [`${title}: ours, with a subscriber`]: { file: WATCHED, ...group, bare: `${title}: ours` },
    [`${title}: ours, with the inspector`]: { file: INSPECTED, ...group, bare: `${title}: ours` },
    [`${title}: ours, forged`]: { file: OURS, ...group, sender: 'forger' },
  };
}

const express = onNest('express', 'Nest 12, Express');

/** Each with the sender it expects, and the bare route and the hand-written one that it is compared with. */
export const CONTESTANTS = {
  'node:http, reads the body': { file: server('servers/node-http.mjs') },
  'Express, as in the overview': { file: server('servers/overview.mjs'), sender: 'overview' },
  ...express,
  ...onNest('fastify', 'Nest 12, Fastify'),
  'Nest 11, @golevelup/nestjs-stripe': { file: server('../rivals/golevelup-stripe.mjs'), sender: 'stripe' },
};

const [bare, byHand] = Object.keys(express);
for (const contestant of Object.values(CONTESTANTS)) {
  contestant.sender ??= 'scalekit';
  contestant.bare ??= bare;
  contestant.byHand ??= byHand;
}
