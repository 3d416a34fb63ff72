// Elements are built with textContent only, so text from a corpus is never parsed as markup.

const byId = id => document.getElementById(id);

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'style') for (const [key, v] of Object.entries(value)) node.style.setProperty(key, v);
    else node.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

const h = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  build(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

const MINUS = '\u2212', THIN = '\u2009', DASH = '\u2013';
const isNumber = value => typeof value === 'number' && Number.isFinite(value);

function fixed(value, digits = 0) {
  if (!isNumber(value)) return DASH;
  const text = Math.abs(value).toFixed(digits);
  return (value < 0 && Number(text) !== 0 ? MINUS : '') + text;
}

function significant(value, digits = 3) {
  if (!isNumber(value)) return DASH;
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-3
    ? size.toExponential(digits - 1).replace('e+', ' × 10^').replace('e-', ' × 10^' + MINUS)
    : size >= 10 ** (digits - 1) ? grouped(Math.round(size)) : String(Number(size.toPrecision(digits)));
  return (value < 0 ? MINUS : '') + text;
}

const grouped = value => isNumber(value) ? String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, THIN) : DASH;
const percent = value => isNumber(value) ? `${fixed(100 * value, 100 * value < 1 && value > 0 ? 1 : 0)}${THIN}%` : DASH;
const between = (low, high, digits = 1) => `${fixed(low, digits)} to ${fixed(high, digits)}`;
const probability = value => !isNumber(value) ? DASH : value < 0.001 ? '< 0.001' : String(Number(value.toPrecision(2)));

function seconds(value) {
  if (!isNumber(value)) return DASH;
  if (value < 90) return `${significant(value, 2)}${THIN}s`;
  const minutes = Math.round(value / 60);
  return minutes < 90 ? `${minutes}${THIN}min` : `${Math.floor(minutes / 60)}${THIN}h ${minutes % 60}${THIN}min`;
}

function unpack(text, Type) {
  const bytes = Uint8Array.from(atob(text), character => character.charCodeAt(0));
  return new Type(bytes.buffer);
}

function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = h('a', { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function csv(rows) {
  if (!rows.length) return '';
  const names = Object.keys(rows[0]);
  const quote = value => {
    let text = value === null || value === undefined ? '' : Array.isArray(value) ? value.join(';') : String(value);
    // A spreadsheet runs a cell that starts like a formula; a number that starts with a minus sign is none.
    if (typeof value !== 'number' && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names.join(','), ...rows.map(row => names.map(name => quote(row[name])).join(','))].join('\r\n') + '\r\n';
}

const tip = byId('tip');

function showTip(event, lines) {
  tip.replaceChildren(...lines.filter(Boolean).map((line, i) => h('div', { class: i ? '' : 'tip-head' }, line)));
  tip.hidden = false;
  const anchor = event.target.getBoundingClientRect();
  const x = event.clientX === undefined || event.type.startsWith('focus') ? anchor.left + anchor.width / 2 : event.clientX;
  const y = event.clientY === undefined || event.type.startsWith('focus') ? anchor.bottom : event.clientY;
  const box = tip.getBoundingClientRect();
  const left = Math.max(8, Math.min(x + 14, innerWidth - box.width - 8));
  const below = y + 18 + box.height < innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${below ? y + 18 : Math.max(8, y - box.height - 12)}px`;
}

const hideTip = () => { tip.hidden = true; };

// A modal dialog paints above everything else, so the tip lives in it while it is open.
const moveTip = home => { hideTip(); home.append(tip); };

function withTip(node, lines) {
  node.addEventListener('pointermove', event => { if (event.pointerType !== 'touch') showTip(event, lines(event)); });
  node.addEventListener('pointerleave', hideTip);
  return node;
}

function choice(label, options, current, onpick) {
  const group = h('div', { class: 'choice', role: 'radiogroup', 'aria-label': label });
  const buttons = options.map(([value, text]) => h('button', {
    type: 'button', role: 'radio', 'aria-checked': String(value === current), tabindex: value === current ? 0 : -1,
    onclick: () => pick(value),
  }, text));
  const pick = value => {
    options.forEach(([other], i) => {
      buttons[i].setAttribute('aria-checked', String(other === value));
      buttons[i].tabIndex = other === value ? 0 : -1;
    });
    onpick(value);
  };
  group.addEventListener('keydown', event => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const at = buttons.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (at + step + buttons.length) % buttons.length;
    buttons[next].focus();
    pick(options[next][0]);
  });
  group.append(...buttons);
  return group;
}
