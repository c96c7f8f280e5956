// What is wrong with the page as it is laid out, one line each; every `details` is opened first.
for (const box of document.querySelectorAll("details")) box.open = true;
const wrong = [];
const named = (element) => {
  const id = element.id ? `#${element.id}` : "";
  const words = (element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 40);
  return `<${element.tagName.toLowerCase()}${id} class="${element.getAttribute("class") || ""}"> ${words}`;
};
const shown = (element) => element.checkVisibility({ visibilityProperty: true });

// Nothing makes the page wider than the screen.
if (document.documentElement.scrollWidth > window.innerWidth + 0.5) {
  wrong.push(`the page is ${document.documentElement.scrollWidth} wide on a screen of ${window.innerWidth}`);
  for (const element of document.body.querySelectorAll("*")) {
    if (element.getBoundingClientRect().right > window.innerWidth + 1 && !element.closest(".scroll, pre, .skip")) wrong.push(`sticks out: ${named(element)}`);
  }
}

// Figures are there, have a name, and show what they hold.
for (const figure of document.querySelectorAll("svg.figure")) {
  const box = figure.getBoundingClientRect();
  if (!shown(figure) || box.width < 100 || box.height < 30) wrong.push(`not visible (${box.width} × ${box.height}): ${named(figure)}`);
  if (!figure.querySelector(":scope > title")?.textContent || !figure.querySelector(":scope > desc")?.textContent) wrong.push(`no name: ${named(figure)}`);
  const view = figure.viewBox.baseVal;
  const scale = box.width / view.width;
  const texts = [...figure.querySelectorAll("text")].filter((text) => text.textContent.trim() && shown(text));
  const boxes = texts.map((text) => text.getBoundingClientRect());
  boxes.forEach((one, at) => {
    if (one.left < box.left - 1 || one.right > box.right + 1 || one.top < box.top - 1 || one.bottom > box.bottom + 1) wrong.push(`cut off: ${named(texts[at])}`);
    for (let other = 0; other < at; other += 1) {
      const two = boxes[other];
      const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left), tall = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
      // Boxes of letters have air above and below.
      if (wide > 1 && tall > 0.35 * Math.min(one.height, two.height)) wrong.push(`covers ${texts[other].textContent}: ${named(texts[at])}`);
    }
    const size = Number.parseFloat(getComputedStyle(texts[at]).fontSize) * scale;
    if (size < 8.5) wrong.push(`letters of ${size.toFixed(1)} px: ${named(texts[at])}`);
  });
}
for (const canvas of document.querySelectorAll("canvas[data-seed]")) {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  if (!pixels.some((value, at) => at % 4 === 3 && value > 0)) wrong.push(`not drawn: image ${canvas.dataset.seed}`);
}

// Words stand out from what is behind them (WCAG 2.1, 1.4.3).
const channels = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
const luminance = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((value) => { const part = value / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = channels(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] > 0.99) return colour;
  }
  return [255, 255, 255];
};
const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const seen = new Set();
while (words.nextNode()) {
  const element = words.currentNode.parentElement;
  if (!words.currentNode.data.trim() || seen.has(element) || !shown(element) || element.closest("script, style, title, desc, option")) continue;
  seen.add(element);
  const style = getComputedStyle(element);
  const ink = channels(element.namespaceURI.endsWith("svg") ? style.fill : style.color), paper = behind(element);
  const [light, dark] = [luminance(ink), luminance(paper)].sort((a, b) => b - a);
  const size = Number.parseFloat(style.fontSize), large = size >= 24 || (size >= 18.5 && Number(style.fontWeight) >= 700);
  const contrast = (light + 0.05) / (dark + 0.05);
  if (contrast < (large ? 3 : 4.5)) wrong.push(`contrast ${contrast.toFixed(2)}: ${named(element)}`);
}

// Headings go down one step at a time; names are unique; what can be used has a name.
let level = 0;
for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
  const next = Number(heading.tagName[1]);
  if (next > level + 1) wrong.push(`from a heading of level ${level} to ${named(heading)}`);
  level = next;
}
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) wrong.push(`twice: #${id}`);
for (const control of document.querySelectorAll("button, select, input, summary, a[href]")) {
  const label = control.getAttribute("aria-label") || control.labels?.[0]?.textContent || control.textContent;
  if (!label.trim()) wrong.push(`no name: ${named(control)}`);
}
for (const word of ["NaN", "undefined", "Infinity", "[object"]) if (document.body.innerText.includes(word)) wrong.push(`says ${word}`);
return wrong;
