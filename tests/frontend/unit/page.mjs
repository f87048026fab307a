/** As little of a page as the modules ask for when they are loaded. To be imported before them. */

const style = { '--paper': '#fcfcfa' };

Object.assign(globalThis, {
  document: { documentElement: { dataset: {} } },
  matchMedia: () => ({ matches: false, addEventListener() {} }),
  getComputedStyle: () => ({ getPropertyValue: (name) => style[name] ?? '' }),
  location: { pathname: '/', hash: '' },
});
