import { render } from 'preact';
import { App } from './app.js';
import { startFollowing } from './data/live.js';

startFollowing();
render(<App />, document.querySelector('#app') ?? document.body);
