// How the gains of the images are distributed.

const kNiceSteps = [0.5, 1, 2, 2.5, 5, 10, 20, 25, 50];

// Bins of equal width, more of them for more values, of which none spans 0: {width, first, count}.
function binsOf(values) {
  const mostBins = Math.min(24, Math.max(6, 2 * Math.sqrt(values.length)));
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  let width = kNiceSteps.find((step) => (most - least) / step <= mostBins);
  if (!width) width = 10 ** Math.ceil(Math.log10((most - least) / mostBins));
  const first = Math.floor(least / width);
  const last = Math.max(Math.ceil(most / width), first + 1);
  return { width, first, count: last - first };
}

// Counts by bin. An image without a change is none of the bins beside 0.
function histogramOf(values, { width, first, count }) {
  const counts = new Array(count).fill(0);
  for (const value of values) {
    if (value !== 0)
      counts[Math.min(count - 1, Math.max(0, Math.ceil(value / width) - 1 - first))] += 1;
  }
  return counts;
}

function gainText(run, gains, unit, less) {
  const better = gains.filter((gain) => (less ? -gain : gain) > 0).length;
  const same = gains.filter((gain) => gain === 0).length;
  const ordered = Float64Array.from(gains).sort();
  const half = Math.floor(ordered.length / 2);
  const median = ordered.length % 2 ? ordered[half] : (ordered[half - 1] + ordered[half]) / 2;
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const text =
    `${counted(gains.length, 'image')}: ${better.toLocaleString('en')} improved, ` +
    `${(gains.length - better - same).toLocaleString('en')} harmed, ${same.toLocaleString('en')} equal; ` +
    `median ${numberText(median, unit, true)}, mean ${numberText(mean, unit, true)} ${gainUnitText(unit)}`;
  return several ? `${run.letter}: ${text}` : text;
}

// The bars of the chart: {labels, counts by run, colours}. Images that did not change have a bar of
// their own, between harmed and improved.
function gainBars(gains, unit, less) {
  const scale = unit === 'fraction' ? 100 : 1;
  const scaled = gains.map((each) => each.map((gain) => scale * gain));
  const bins = binsOf(scaled.flat());
  const zero = Math.min(Math.max(-bins.first, 0), bins.count);
  const edge = (i) => String(Number(((bins.first + i) * bins.width).toPrecision(6)));
  const labels = Array.from({ length: bins.count }, (_, i) => `${edge(i)} to ${edge(i + 1)}`);
  labels.splice(zero, 0, 'equal');
  const counts = scaled.map((each) => {
    const histogram = histogramOf(each, bins);
    histogram.splice(zero, 0, each.filter((gain) => gain === 0).length);
    return histogram;
  });
  const colour = (i) => (i === zero ? '--before' : i > zero !== less ? '--better' : '--worse');
  return { labels, counts, colours: labels.map((_, i) => colour(i)) };
}

function gainTable(known, { labels, counts, colours }, what, hasChart) {
  const columns = [
    { name: `Gain of ${what}`, heading: true, node: (row) => labels[row] },
    ...known.map(({ run }, i) => ({
      name: several ? `${run.letter} images` : 'Images',
      number: true,
      node: (row) => String(counts[i][row]),
    })),
  ];
  if (!hasChart) {
    const greatest = Math.max(...counts.flat());
    const bar = (each, i, row) =>
      cellBar(each[row], greatest, several ? runColour(i) : colours[row]);
    const bars = (row) => el('div', {}, ...counts.map((each, i) => bar(each, i, row)));
    columns.push({ name: 'Bars', kind: 'bars', node: bars });
  }
  return dataTable({ name: 'Images by their gain', count: labels.length, columns, pageSize: 100 });
}

function showGains() {
  const known = runs
    .map((run) => ({ run, table: imageColumns(run) }))
    .filter(({ table }) => table && table.gain);
  if (known.length === 0) return;
  const { unit, less, name } = known[0].table;
  const gains = known.map(({ table }) => table.gain.filter(isNumber));
  if (gains.every((each) => each.length === 0)) return;
  const bars = gainBars(gains, unit, less);
  const what = `${name}, ${gainUnitText(unit)}`;
  const texts = known.map(({ run }, i) => gainText(run, gains[i], unit, less));
  const chart = barChart({
    labels: bars.labels,
    series: known.map(({ run }, i) => ({
      name: several ? run.letter : 'images',
      values: bars.counts[i],
      colour: several ? runColour(runs.indexOf(run)) : bars.colours,
    })),
    valueTitle: 'images',
    labelTitle: `gain of ${what}`,
    height: 320,
    summary: `Distribution of the gain per image. ${texts.join('. ')}`,
    text: (value) => counted(value, 'image'),
  });
  const table = gainTable(known, bars, what, chart !== null);
  section(
    'gains',
    'Gain per image',
    ...texts.map((text) => el('p', {}, text)),
    chart ? el('figure', {}, chart) : null,
    chart ? el('details', {}, el('summary', {}, 'The same as a table'), table) : table,
  );
}
