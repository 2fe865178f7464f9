// axe's findings of the page as it stands; looked at with tests' rules, with targets of 24 pixels (2.5.8).
async () => {
  const asked = {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    rules: { "target-size": { enabled: true } },
    resultTypes: ["violations"],
    preload: false,
  };
  const { violations } = await axe.run(document, asked);
  return violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)}`));
}
