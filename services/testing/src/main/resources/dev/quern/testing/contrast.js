// Every piece of visible text whose WCAG contrast with what lies behind it is below 4.5, as "ratio text (colour on ground)".
const channels = (css) => {
  const canvas = contrast.canvas ??= document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = css;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r / 255, g / 255, b / 255, a / 255];
};
const over = ([r, g, b, a], under) => [r, g, b].map((c, i) => c * a + under[i] * (1 - a));
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) layers.push(channels(getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((under, layer) => over(layer, under), [1, 1, 1]);
};
function contrast(element) {
  const under = ground(element);
  const ink = over(channels(getComputedStyle(element).color), under);
  const [light, dark] = [luminance(ink), luminance(under)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}
const visible = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 1 && box.height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const found = [];
let checked = 0;
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  const text = walker.currentNode.textContent.trim();
  if (!text || !visible(element) || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue;
  checked += 1;
  const ratio = contrast(element);
  if (ratio < 4.5) {
    const style = getComputedStyle(element);
    found.push(`${ratio.toFixed(2)} "${text.slice(0, 40)}" ${style.color} in ${element.tagName}.${element.className}`);
  }
}
return checked < 5 ? [`only ${checked} texts were checked`] : found;
