// Images: the distribution of their gains, and a table of all.

// The columns of a run's table that matter: {names, after, before, gain, unit, less}, or null.
function imageColumns(run) {
  const table = run.images;
  if (!table || !run.score) return null;
  const at = (name) => {
    const place = table.columns.indexOf(name);
    return place < 0 ? null : table.values[place];
  };
  const metric = table.columns.includes(run.score.metric) ? run.score.metric : table.columns[0];
  const after = at(metric);
  if (!after) return null;
  const before = at(`baseline_${metric}`);
  const gain =
    at(`gain_${metric}`) ||
    (before && after.map((v, i) => (isNumber(v) && isNumber(before[i]) ? v - before[i] : null)));
  const path = `${table.stage}.${metric}`;
  return {
    names: table.names,
    metric,
    name: meaning(run, path).name || metric,
    after,
    before,
    gain,
    unit: unitOf(run, path, after),
    less: run.score.less,
  };
}

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

function showGains() {
  const known = runs
    .map((run) => ({ run, table: imageColumns(run) }))
    .filter(({ table }) => table && table.gain);
  if (known.length === 0) return;
  const { unit } = known[0].table;
  const scale = unit === 'fraction' ? 100 : 1;
  const gains = known.map(({ table }) => table.gain.filter(isNumber));
  if (gains.every((each) => each.length === 0)) return;
  const scaled = gains.map((each) => each.map((gain) => scale * gain));
  const bins = binsOf(scaled.flat());
  const counts = scaled.map((each) => histogramOf(each, bins));
  const same = scaled.map((each) => each.filter((gain) => gain === 0).length);
  const edge = (i) => String(Number(((bins.first + i) * bins.width).toPrecision(6)));
  // The images that did not change have a bar of their own, between harmed and improved.
  const zero = Math.min(Math.max(-bins.first, 0), bins.count);
  const labels = counts[0].map((_, i) => `${edge(i)} to ${edge(i + 1)}`);
  labels.splice(zero, 0, 'equal');
  counts.forEach((each, i) => each.splice(zero, 0, same[i]));
  const less = known[0].table.less;
  const colours = labels.map((_, i) =>
    i === zero ? '--before' : i > zero !== less ? '--better' : '--worse',
  );
  const what = `${known[0].table.name}, ${gainUnitText(unit)}`;
  const chart = barChart({
    labels,
    series: known.map(({ run }, i) => ({
      name: several ? run.letter : 'images',
      values: counts[i],
      colour: several ? runColour(runs.indexOf(run)) : colours,
    })),
    valueTitle: 'images',
    labelTitle: `gain of ${what}`,
    height: 320,
    summary: `Distribution of the gain per image. ${known.map(({ run }, i) => gainText(run, gains[i], unit, less)).join('. ')}`,
    text: (value) => counted(value, 'image'),
  });
  const greatest = Math.max(...counts.flat());
  const columns = [
    { name: `Gain of ${what}`, heading: true, node: (row) => labels[row] },
    ...known.map(({ run }, i) => ({
      name: withLetter(run, 'images').replace(/^i/, 'I'),
      number: true,
      node: (row) => String(counts[i][row]),
    })),
  ];
  if (!chart) {
    columns.push({
      name: 'Bars',
      kind: 'bars',
      node: (row) =>
        el(
          'div',
          {},
          ...counts.map((each, i) =>
            cellBar(each[row], greatest, several ? runColour(i) : colours[row]),
          ),
        ),
    });
  }
  const table = dataTable({
    name: 'Images by their gain',
    count: labels.length,
    columns,
    pageSize: 100,
  });
  section(
    'gains',
    'Gain per image',
    ...known.map(({ run }, i) => el('p', {}, gainText(run, gains[i], unit, less))),
    chart ? el('figure', {}, chart) : null,
    chart ? el('details', {}, el('summary', {}, 'The same as a table'), table) : table,
  );
}

// All images of all runs: {name, rows: their places in the tables of the runs}.
function joinedImages(tables) {
  const rows = new Map();
  tables.forEach((table, r) => {
    if (!table) return;
    table.names.forEach((name, i) => {
      if (!rows.has(name)) rows.set(name, new Array(tables.length).fill(-1));
      rows.get(name)[r] = i;
    });
  });
  return rows;
}

function showImages() {
  const tables = runs.map(imageColumns);
  if (!tables.some(Boolean)) return;
  const joined = joinedImages(tables);
  const names = [...joined.keys()];
  const places = [...joined.values()];
  const panels = new Map(list(data.panels).map((panel) => [panel.id, panel]));
  const number = (r, key) => (row) => {
    const place = places[row][r];
    return place < 0 || !tables[r][key] ? null : tables[r][key][place];
  };
  const columns = [
    {
      name: 'Image',
      heading: true,
      value: (row) => names[row],
      node: (row) =>
        panels.has(names[row])
          ? el(
              'button',
              {
                type: 'button',
                'aria-haspopup': 'dialog',
                onclick: () => openPanel(panels.get(names[row])),
              },
              names[row],
            )
          : names[row],
    },
  ];
  const add = (r, key, name, signed) => {
    if (!tables[r][key]) return;
    const value = number(r, key);
    const { unit, less } = tables[r];
    columns.push({
      name: withLetter(runs[r], several ? name.toLowerCase() : name),
      number: true,
      value,
      node: (row) =>
        el(
          'span',
          { class: signed ? changeClass(less ? -value(row) : value(row)) : null },
          numberText(value(row), unit, signed),
        ),
    });
  };
  const causesOf = [];
  tables.forEach((table, r) => {
    if (!table) return;
    add(r, 'before', 'Before', false);
    add(r, 'after', table.before ? 'After' : table.name, false);
    add(r, 'gain', 'Gain', true);
    if (!runs[r].causes) return;
    const causes = names.map((name) => mainCause(runs[r], name));
    causesOf.push(causes);
    columns.push({
      name: withLetter(runs[r], several ? 'main cause' : 'Main cause'),
      value: (row) => causes[row],
    });
  });
  const first = tables.findIndex(Boolean);
  const { less, unit } = tables[first];
  const gain = number(first, tables[first].gain ? 'gain' : 'after');
  const better = (row) => (less ? -gain(row) : gain(row));
  const groups = [['all images', () => true]];
  if (tables[first].gain) {
    groups.push(
      ['improved', (row) => isNumber(gain(row)) && better(row) > 0],
      ['harmed', (row) => isNumber(gain(row)) && better(row) < 0],
      ['equal', (row) => gain(row) === 0],
    );
  }
  if (panels.size > 0) groups.push(['with pictures', (row) => panels.has(names[row])]);
  const sort = columns.findIndex((column) => /gain/i.test(column.name));
  section(
    'images',
    'All images',
    el(
      'p',
      { class: 'note' },
      `${tables[first].name} of each image, ${unitText(unit)}. ` +
        'A name that is underlined opens the pictures of its image; seplflow report --panels N shows more images.',
    ),
    dataTable({
      name: 'All images',
      count: names.length,
      columns,
      groups,
      search: (row) => [names[row], ...causesOf.map((causes) => causes[row] ?? '')].join(' '),
      sort: { column: sort < 0 ? 1 : sort, descending: Boolean(less) },
    }),
  );
}
