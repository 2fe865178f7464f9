// Chooses light or dark before the first paint, and follows the system; app.js has the button that changes it.
{
  const wish = matchMedia("(prefers-color-scheme: dark)");
  const choose = () => (document.documentElement.dataset.bsTheme = localStorage.getItem("theme") ?? (wish.matches ? "dark" : "light"));
  choose();
  wish.addEventListener("change", choose);
}
