/** zone.js, as an Angular app loads it. */
import 'zone.js';
