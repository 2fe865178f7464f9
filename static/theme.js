// Chooses light or dark before the first paint, and follows the system; app.js has the button that changes it.
{
  const wish = matchMedia("(prefers-color-scheme: dark)");
  const choose = () => {
    const kept = localStorage.getItem("theme");
    document.documentElement.dataset.bsTheme = (kept ? kept === "dark" : wish.matches) ? "dark" : "light";
  };
  choose();
  wish.addEventListener("change", choose);
}
