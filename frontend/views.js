/**
 * The views, a line for each: its name is its path and its module's name in views/, by which the backend serves it.
 * @satisfies {Record<string, ViewEntry>}
 */
export const views = {
  spans: { title: 'Spans', key: '1', module: () => import('./views/spans.js') },
  text: { title: 'Text', key: '2', reads: true, prefers: 'dynamic', module: () => import('./views/text.js') },
  attention: { title: 'Attention', key: '3', reads: true, module: () => import('./views/attention.js') },
  gallery: { title: 'Gallery', key: '4', module: () => import('./views/gallery.js') },
  training: { title: 'Training', key: '5', free: true, module: () => import('./views/training.js') },
  compare: { title: 'Compare', key: '6', free: true, module: () => import('./views/compare.js') },
  learn: { title: 'Learn', key: '7', module: () => import('./views/learn.js') },
  api: { title: 'API', key: '8', free: true, module: () => import('./views/api.js') },
};

/** @param {string} name @returns {name is ViewName} */
export const isView = (name) => Object.hasOwn(views, name);

export const viewNames = Object.keys(views).filter(isView);

/** @param {ViewName} name */
export const entryOf = (name) => /** @type {ViewEntry} */ (views[name]);
