// Puts the chosen theme on the page before the first paint: a classic script in the head, because the policy allows no
// inline one. Also used by the sign-in page.
try {
  const theme = localStorage.getItem("shopbell.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage: the system's theme.
}
export {};
