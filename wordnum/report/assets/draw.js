// Drawings: SVG for what is read closely, canvas for the many strips.

const RAMPS = {
  light: [[250, 246, 239], [238, 208, 200], [214, 148, 170], [168, 90, 150], [110, 48, 120], [52, 20, 72]],
  dark: [[30, 33, 44], [74, 44, 104], [142, 62, 132], [208, 94, 122], [244, 158, 112], [252, 238, 186]],
};
let printing = false;
const systemDark = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => !printing && (document.documentElement.dataset.theme
  ? document.documentElement.dataset.theme === 'dark' : systemDark.matches);
const SPECTRUM_TOP = 4;

function ramp(value) {
  const stops = RAMPS[isDark() ? 'dark' : 'light'];
  const share = Math.min(1, Math.max(0, (value - 1) / (SPECTRUM_TOP - 1))) ** (isDark() ? 1 : 0.8);
  const at = share * (stops.length - 1), i = Math.min(stops.length - 2, Math.floor(at));
  return stops[i].map((c, j) => Math.round(c + (stops[i + 1][j] - c) * (at - i)));
}

// A spike is one frequency wide and would vanish between pixels: each pixel shows the largest value near it.
function paintStrip(canvas, record) {
  const points = spectrum(record);
  if (!points) return;
  const width = canvas.width, context = canvas.getContext('2d');
  const heights = new Float64Array(width);
  points.f.forEach((f, i) => {
    const centre = f / 0.5 * (width - 1);
    const reach = Math.max(2, width / points.f.length);
    for (let x = Math.max(0, Math.floor(centre - reach)); x <= Math.min(width - 1, Math.ceil(centre + reach)); x++) {
      heights[x] = Math.max(heights[x], points.magnitude[i]);
    }
  });
  const image = context.createImageData(width, 1);
  heights.forEach((value, x) => image.data.set([...ramp(value), 255], 4 * x));
  context.putImageData(image, 0, 0);
}

const PERIODS = [[10, 0.1], [5, 0.2], ['10/3', 0.3], ['5/2', 0.4], [2, 0.5]];

function stripAxis() {
  return h('span', { class: 'strip-axis', 'aria-hidden': 'true' },
    PERIODS.map(([name, f]) => h('span', { style: { left: `${200 * f}%` } }, name)));
}

function frequencyAt(event, node) {
  const box = node.getBoundingClientRect();
  return 0.5 * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
}

function nearest(record, f) {
  const points = spectrum(record);
  const reach = 0.5 / points.f.length * 3;
  let best = -1;
  for (let i = 0; i < points.f.length; i++) {
    if (Math.abs(points.f[i] - f) <= reach && (best < 0 || points.magnitude[i] > points.magnitude[best])) best = i;
  }
  return best < 0 ? null : { f: points.f[best], magnitude: points.magnitude[best] };
}

const periodName = f => Number((1 / f).toPrecision(3));

// Kappa with its interval over the null, as a small line: the figure's unit of evidence.
function whisker(record, T) {
  const kappa = measure(record, 'kappa', T);
  if (!isNumber(kappa)) return null;
  const low = measure(record, 'low', T), high = measure(record, 'high', T);
  const mean = measure(record, 'null_mean', T), p95 = measure(record, 'null_p95', T);
  const line = (a, b, name) => svg('line', { x1: along(a), x2: along(b), y1: 6, y2: 6, class: name });
  return svg('svg', { class: 'whisker', height: 12, 'aria-hidden': 'true', focusable: 'false' },
    svg('line', { x1: along(0), x2: along(0), y1: 0.5, y2: 11.5, class: 'zero' }),
    isNumber(p95) && line(Math.min(mean ?? 0, p95), p95, 'null'),
    isNumber(low) && line(low, high, 'interval'),
    svg('circle', { cx: along(kappa), cy: 6, r: 2.8, class: isNumber(low) ? 'dot' : 'dot hollow' }));
}

function tint(node, value, scale) {
  if (!isNumber(value)) return node;
  const share = Math.min(1, Math.abs(value) / scale);
  node.classList.add(value < 0 ? 'negative' : 'positive');
  node.style.setProperty('--share', `${(100 * share ** 0.85).toFixed(1)}%`);
  if (share > 0.62) node.classList.add('strong');
  return node;
}

// Two letters of one word: S for the spectrum, G for the geometry.
function glyph(verdict) {
  const geometry = { both: 14, partial: 7 }[verdict] || 0, spectral = verdict && verdict !== 'neither';
  return svg('svg', { class: 'glyph', viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true', focusable: 'false' },
    svg('rect', { x: 1, y: 1, width: 6, height: 14, rx: 1.5, class: spectral ? 'g-spectral' : 'g-none' }),
    svg('rect', { x: 9, y: 1, width: 6, height: 14, rx: 1.5, class: 'g-none' }),
    geometry && svg('rect', { x: 9, y: 15 - geometry, width: 6, height: geometry, rx: 1.5, class: 'g-geometric' }));
}

const badge = verdict => h('span', { class: `badge v-${LABELS[verdict] ? verdict : 'failed'}` },
  LABELS[verdict] ? glyph(verdict) : null, verdict || 'failed');

const SHORT = { 'ordinals-kept': 'ordinals kept', subwords: 'subwords', 'missing-numbers': 'numbers missing' };
const shortNotice = ({ code, kind }) => kind === 'too-little' ? 'TOO LITTLE DATA' : SHORT[code] || 'no interval';

// In a row only what warns; plain notes are for the details.
const tags = record => {
  const seen = new Set();
  return record.notices.filter(notice => notice.kind !== 'note' && !seen.has(shortNotice(notice)) && seen.add(shortNotice(notice)))
    .map(notice => h('span', { class: `tag t-${notice.kind}`, title: notice.text }, shortNotice(notice)));
};
const noticeList = record => record.notices.length
  ? h('ul', { class: 'notices' }, record.notices.map(({ kind, text }) => h('li', { class: `n-${kind}` }, text))) : null;

function ticks(low, high, count) {
  const raw = (high - low) / count, unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(m => m * unit).find(s => s >= raw);
  const found = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + 1e-9; v += step) found.push(Number(v.toPrecision(10)));
  return found;
}

const residueColour = (r, T) =>
  `hsl(${Math.round(360 * r / T + 220)} ${T > 6 && r % 2 ? 42 : 68}% ${isDark() ? (r % 2 ? 72 : 60) : (r % 2 ? 40 : 50)}%)`;
