// Elements, numbers and colours. Text from the runs is only ever set as text.
const data = JSON.parse(document.getElementById('data').textContent);
const runs = data.runs;
const several = runs.length > 1;
const main = document.getElementById('main');
const sections = [];

function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

let lastId = 0;
const newId = (prefix) => `${prefix}-${++lastId}`;

function section(id, title, ...content) {
  const heading = el('h2', { id: `${id}-title` }, title);
  const element = el('section', { id, 'aria-labelledby': heading.id }, heading, ...content);
  sections.push([id, title]);
  main.append(element);
  return element;
}

const list = (value) => (Array.isArray(value) ? value : []);
const object = (value) =>
  value && typeof value === 'object' && !Array.isArray(value) ? value : {};
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
const letter = (run) => (several ? run.letter : '');
const withLetter = (run, text) => (several ? `${run.letter} ${text}` : text);

function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

// A unit is 'fraction', which is shown in percent, or the name of another one.
function numberText(value, unit, signed = false) {
  if (!isNumber(value)) return '-';
  const sign = signed && value > 0 ? '+' : '';
  if (unit === 'fraction') return sign + (100 * value).toFixed(2);
  if (Number.isInteger(value)) return sign + value.toLocaleString('en');
  return sign + String(Number(value.toPrecision(6)));
}
const unitText = (unit) => (unit === 'fraction' ? 'percent' : unit);
const gainUnitText = (unit) => (unit === 'fraction' ? 'points' : unit);

// The meaning of a number of metrics.json, such as "score.gain.miou".
function meaning(run, path) {
  const scores = object(run.record.scores);
  const plain = path.replace(/\.(gain|baseline)\./, '.');
  return object(scores[path] || scores[plain]);
}
function unitOf(run, path, values) {
  const unit = meaning(run, path).unit;
  if (unit) return unit;
  if (path.endsWith('.per_sample')) return '';
  const known = values.filter(isNumber);
  return known.some((v) => !Number.isInteger(v)) && known.every((v) => Math.abs(v) <= 1)
    ? 'fraction'
    : '';
}

// Calls visit(path, value) for each number of a tree; lists are left out.
function eachNumber(tree, prefix, visit) {
  for (const [key, value] of Object.entries(object(tree))) {
    if (value === null || isNumber(value)) visit(prefix + key, value);
    else if (!Array.isArray(value) && typeof value === 'object') {
      eachNumber(value, `${prefix}${key}.`, visit);
    }
  }
}

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const runColour = (index) => `--run-${index % 5}`;
const changeClass = (gain) => (gain > 0 ? 'better' : gain < 0 ? 'worse' : '');

function labelled(text, control) {
  control.id = control.id || newId('control');
  return el('label', { for: control.id, class: 'control' }, text, control);
}

function choice(options, selected, change) {
  const select = el('select', { onchange: () => change(select.value) });
  for (const [value, text] of options) {
    select.append(el('option', { value, selected: value === selected }, text));
  }
  return select;
}

// What can be scrolled must be reachable by keyboard.
function scrolled(name, ...content) {
  return el('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': name }, ...content);
}
