// Runs before the first paint, so that a chosen theme does not flash.
try {
  for (const name of ['theme', 'palette']) {
    const chosen = localStorage.getItem(name);
    if (chosen) document.documentElement.dataset[name] = chosen;
  }
} catch {
  // Storage is closed to this page: the system's theme holds.
}
