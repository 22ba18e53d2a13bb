// Bar charts by Chart.js. Each stands beside a table with the same numbers, and a report of a
// seplflow that was built without Chart.js has only the tables.
const hasCharts = typeof Chart !== 'undefined';
const charts = []; // {canvas, options(): what Chart takes, chart}

function draw(entry) {
  if (entry.chart) entry.chart.destroy();
  entry.chart = new Chart(entry.canvas, entry.options());
}
const drawCharts = () => charts.forEach(draw);

function axis(title, grid, ticks = {}) {
  return {
    title: { display: Boolean(title), text: title, color: style('--text') },
    grid: { color: grid ? style('--line') : 'transparent', borderColor: style('--control') },
    ticks: { color: style('--text'), ...ticks },
  };
}

// series: {name, values, colour: a variable or a list of them, one for each bar}
function barChart({ labels, series, horizontal, valueTitle, labelTitle, height, summary, text }) {
  if (!hasCharts) return null;
  const canvas = el('canvas', { role: 'img', 'aria-label': summary });
  const colours = (colour) => (Array.isArray(colour) ? colour.map(style) : style(colour));
  const valueAxis = axis(valueTitle, true);
  const labelAxis = axis(labelTitle, false, { autoSkip: !horizontal, maxRotation: 50 });
  const options = () => ({
    type: 'bar',
    data: {
      labels,
      datasets: series.map(({ name, values, colour }) => ({
        label: name,
        data: values,
        backgroundColor: colours(colour),
        maxBarThickness: 28,
      })),
    },
    options: {
      indexAxis: horizontal ? 'y' : 'x',
      animation: false,
      maintainAspectRatio: false,
      devicePixelRatio: Math.max(2, window.devicePixelRatio || 1),
      scales: horizontal
        ? { x: axis(valueTitle, true), y: axis(labelTitle, false, { autoSkip: false }) }
        : { x: axis(labelTitle, false, { maxRotation: 60 }), y: axis(valueTitle, true) },
      plugins: {
        legend: { display: series.length > 1, labels: { color: style('--text') } },
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${text(item.raw)}` } },
      },
    },
  });
  charts.push({ canvas, options });
  return el('div', { class: 'chart', style: `height: ${height}px` }, canvas);
}

// A bar of HTML, for the cells of a table.
function cellBar(value, greatest, colour) {
  const width =
    greatest > 0 && isNumber(value) ? Math.min(100, (100 * Math.abs(value)) / greatest) : 0;
  const bar = el('span', { class: 'bar', 'aria-hidden': 'true' });
  bar.style.width = `${width}%`;
  bar.style.background = `var(${colour})`;
  return bar;
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  document.getElementById('theme').textContent =
    theme === 'dark' ? 'Light colours' : 'Dark colours';
}

function watchTheme() {
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  let theme = prefersDark.matches ? 'dark' : 'light';
  const change = (to) => {
    theme = to;
    setTheme(to);
    drawCharts();
  };
  prefersDark.addEventListener('change', () => change(prefersDark.matches ? 'dark' : 'light'));
  document
    .getElementById('theme')
    .addEventListener('click', () => change(theme === 'dark' ? 'light' : 'dark'));
  // Paper is white.
  addEventListener('beforeprint', () => {
    setTheme('light');
    drawCharts();
    openAll(true);
  });
  addEventListener('afterprint', () => {
    setTheme(theme);
    drawCharts();
    openAll(false);
  });
  setTheme(theme);
}

// What is folded on the screen is printed all the same.
const opened = new Set();
function openAll(open) {
  if (open) {
    for (const each of document.querySelectorAll('details:not([open])')) {
      each.open = true;
      opened.add(each);
    }
  } else {
    opened.forEach((each) => {
      each.open = false;
    });
    opened.clear();
  }
}
