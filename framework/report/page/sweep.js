// Sweeps as grids of one, two or more axes, and published numbers.

// From light to dark, readable in both colour schemes.
const kScale = [
  [247, 251, 255],
  [198, 219, 239],
  [107, 174, 214],
  [33, 113, 181],
  [8, 48, 107],
];

function scaleColour(share) {
  const place = Math.min(Math.max(share, 0), 1) * (kScale.length - 1);
  const low = Math.min(Math.floor(place), kScale.length - 2);
  return kScale[low].map((from, i) =>
    Math.round(from + (place - low) * (kScale[low + 1][i] - from)),
  );
}

// As WCAG defines it.
function luminance(rgb) {
  const [r, g, b] = rgb.map((v) =>
    v <= 10.31 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// The rows of sweep.csv: their place on each axis. The names of [[variant]] tables are an axis too.
function gridOf(run) {
  const { columns, rows } = run.sweep;
  const pipeline = object(run.pipeline);
  const axes = list(pipeline.axes)
    .filter((key, i) => columns[i + 1] === key)
    .map((key, i) => ({ key, of: (row) => row[i + 1] }));
  const labels = list(pipeline.labels);
  if (labels.length > 0) {
    const label = (row) =>
      labels
        .filter((each) => row[0] === each || row[0].startsWith(`${each},`))
        .sort((a, b) => b.length - a.length)[0] || row[0];
    axes.push({ key: 'variant', of: label });
  }
  for (const each of axes) each.values = [...new Set(rows.map(each.of))];
  return axes;
}

function scoreColumns(run) {
  const { columns } = run.sweep;
  const first = 1 + list(object(run.pipeline).axes).length;
  return columns
    .map((name, i) => ({ name, i }))
    .slice(first)
    .filter(({ i }) => run.sweep.rows.some((row) => isNumber(row[i])));
}

function bestRow(run, column) {
  const { less } = object(run.score);
  const isMain = run.score && column.name === `${run.score.stage}.${run.score.metric}`;
  const smaller = meaning(run, column.name).better
    ? meaning(run, column.name).better === 'less'
    : isMain && less;
  let best = -1;
  run.sweep.rows.forEach((row, r) => {
    const value = row[column.i];
    if (!isNumber(value)) return;
    const other = best < 0 ? null : run.sweep.rows[best][column.i];
    if (other === null || (smaller ? value < other : value > other)) best = r;
  });
  return best;
}

function heatCell(row, number, colours, isBest, column) {
  if (row === undefined) return el('td', {}, '-');
  const value = row[column.i];
  const cell = el(
    'td',
    { class: isBest ? 'best' : null },
    numberText(value, colours.unit),
    isBest ? ' \u2605' : null,
    isBest ? el('span', { class: 'hidden' }, ' best') : null,
  );
  if (isNumber(value)) {
    const share =
      colours.most > colours.least ? (value - colours.least) / (colours.most - colours.least) : 0.5;
    const rgb = scaleColour(share);
    cell.style.background = `rgb(${rgb.join(', ')})`;
    cell.style.color = luminance(rgb) > 0.179 ? '#000' : '#fff';
    cell.style.outlineColor = cell.style.color;
  }
  return cell;
}

// One table: the first axis across, the second down.
function heatTable(run, rows, [across, down], colours, best, column, caption) {
  const at = new Map(
    rows.map((row) => [JSON.stringify([across.of(row), down ? down.of(row) : null]), row]),
  );
  const find = (x, y) => at.get(JSON.stringify([x, y]));
  const head = el(
    'tr',
    {},
    el('th', { scope: 'col' }, down ? `${down.key} \\ ${across.key}` : across.key),
    ...across.values.map((x) => el('th', { scope: 'col' }, x)),
  );
  const body = (down ? down.values : [null]).map((y) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, y === null ? column.name : y),
      ...across.values.map((x) =>
        heatCell(find(x, y), column, colours, best !== undefined && find(x, y) === best, column),
      ),
    ),
  );
  return scrolled(
    caption,
    el(
      'table',
      { class: 'heat' },
      el('caption', {}, caption),
      el('thead', {}, head),
      el('tbody', {}, ...body),
    ),
  );
}

// The combinations of the values of the axes beyond the second.
function combinations(axes) {
  return axes.reduce(
    (all, each) => all.flatMap((some) => each.values.map((value) => [...some, [each, value]])),
    [[]],
  );
}

function heatMaps(run, column) {
  const axes = gridOf(run);
  const { rows } = run.sweep;
  const values = rows.map((row) => row[column.i]).filter(isNumber);
  const colours = {
    least: Math.min(...values),
    most: Math.max(...values),
    unit: unitOf(run, column.name, values),
  };
  const place = bestRow(run, column);
  const best = place < 0 ? undefined : rows[place];
  const unit = unitText(colours.unit);
  const title = `${column.name}${unit ? `, ${unit}` : ''}`;
  const text =
    best === undefined
      ? 'No variant has this number.'
      : `Best: ${best[0]} with ${numberText(best[column.i], colours.unit)}${unit ? ` ${unit}` : ''}; ` +
        `the range of all ${counted(rows.length, 'variant')} is ${numberText(colours.least, colours.unit)} to ${numberText(colours.most, colours.unit)}.`;
  const parts = combinations(axes.slice(2)).map((some) => {
    const here = rows.filter((row) => some.every(([each, value]) => each.of(row) === value));
    if (here.length === 0) return null;
    const caption = some.map(([each, value]) => `${each.key} = ${value}`).join(', ') || title;
    return el('div', {}, heatTable(run, here, axes, colours, best, column, caption));
  });
  return [el('p', {}, text), el('div', { class: 'grids' }, ...parts)];
}

const kSeries = ['--before', ...[0, 1, 2, 3, 4, 5, 6].map((i) => `--run-${i}`)];

// Two axes of names, such as rules and faults: bars of the first axis for each value of the second.
// Numbers have an order, which the grid shows better.
function gridChart(run, column) {
  const [across, down, ...more] = gridOf(run);
  const isNamed = (each) => each.values.every((value) => typeof value === 'string');
  if (!down || more.length > 0 || !isNamed(across) || !isNamed(down)) return null;
  if (across.values.length > kSeries.length || down.values.length > 20) return null;
  const { rows } = run.sweep;
  const values = rows.map((row) => row[column.i]).filter(isNumber);
  const unit = unitOf(run, column.name, values);
  const scale = unit === 'fraction' ? 100 : 1;
  const valueAt = (x, y) => {
    const row = rows.find((each) => across.of(each) === x && down.of(each) === y);
    return row && isNumber(row[column.i]) ? scale * row[column.i] : null;
  };
  return barChart({
    labels: down.values,
    series: across.values.map((x, i) => ({
      name: x,
      values: down.values.map((y) => valueAt(x, y)),
      colour: kSeries[i],
    })),
    valueTitle: `${column.name}${unitText(unit) ? `, ${unitText(unit)}` : ''}`,
    height: 420,
    summary: `Bars of ${column.name} for each ${down.key} and ${across.key}; the table above has the numbers`,
    text: (value) => (isNumber(value) ? value.toFixed(2) : '-'),
  });
}

// Scores over different samples cannot be compared.
function lossesOf(run) {
  const losses = list(run.record.variants)
    .map(object)
    .filter(({ failed, skipped }) => failed > 0 || skipped > 0);
  if (losses.length === 0) return null;
  const some = losses
    .slice(0, 5)
    .map(({ variant, failed, skipped }) => `${variant}: ${failed} failed, ${skipped} skipped`);
  const more =
    losses.length > some.length
      ? `, and ${counted(losses.length - some.length, 'more variant')}`
      : '';
  return el('p', { class: 'missing' }, `Some scores leave out samples: ${some.join('; ')}${more}.`);
}

function sweepOf(run) {
  const columns = scoreColumns(run);
  if (columns.length === 0 || gridOf(run).length === 0) {
    return el('p', {}, 'This sweep has no scores to show.');
  }
  const main = run.score ? `${run.score.stage}.${run.score.metric}` : '';
  const first = columns.find((each) => each.name === main) || columns[0];
  const maps = el('div', { 'aria-live': 'polite' });
  const show = (i) =>
    maps.replaceChildren(
      ...heatMaps(
        run,
        columns.find((each) => String(each.i) === i),
      ),
    );
  show(String(first.i));
  return el(
    'div',
    {},
    several ? el('h3', {}, `${run.letter} ${run.folder}`) : null,
    el(
      'div',
      { class: 'tools' },
      labelled(
        'Number',
        choice(
          columns.map(({ name, i }) => [String(i), name]),
          String(first.i),
          show,
        ),
      ),
    ),
    lossesOf(run),
    maps,
    gridChart(run, first),
  );
}

function showSweeps() {
  const sweeps = runs.filter((run) => run.sweep);
  if (sweeps.length > 0) section('sweep', 'Sweep', ...sweeps.map(sweepOf));
}

// The published percent of a variant: one number for all, a list, or a grid whose rows are the
// values of the second axis.
function publishedOf(run, percent, place, [across, down]) {
  if (!Array.isArray(percent)) return percent;
  if (!Array.isArray(percent[0])) return percent[place];
  if (!down) return null;
  const row = run.sweep.rows[place];
  return list(percent[down.values.indexOf(down.of(row))])[across.values.indexOf(across.of(row))];
}

// Why the run is over other samples than the published numbers; empty if it is not known to be.
function otherSamples(run) {
  const samples = object(run.record.samples);
  const { published, limit } = run.pipeline;
  const shard = object(run.record.shard);
  const reasons = [];
  if (isNumber(limit)) reasons.push(`limit = ${limit}`);
  if (shard.count > 1) reasons.push('this is a shard');
  for (const key of ['left_out', 'failed', 'skipped']) {
    if (samples[key] > 0)
      reasons.push(`${counted(samples[key], 'sample')} ${key.replace('_', ' ')}`);
  }
  if (
    isNumber(published.samples) &&
    isNumber(samples.emitted) &&
    published.samples !== samples.emitted
  ) {
    reasons.push(
      `the published numbers are over ${counted(published.samples, 'sample')}, the run has ${samples.emitted.toLocaleString('en')}`,
    );
  }
  return reasons.join(', ');
}

function publishedRows(run) {
  const { published } = run.pipeline;
  const rows = [];
  const axes = run.sweep ? gridOf(run) : [];
  for (const [path, percent] of published.numbers) {
    const column = run.sweep ? run.sweep.columns.indexOf(path) : -1;
    if (run.sweep && column >= 0) {
      run.sweep.rows.forEach((row, i) => {
        rows.push({
          number: path,
          variant: row[0],
          here: row[column],
          there: publishedOf(run, percent, i, axes),
        });
      });
    } else {
      let here = null;
      eachNumber(metricsOf(run), '', (name, value) => {
        if (name === path) here = value;
      });
      rows.push({ number: path, variant: '', here, there: publishedOf(run, percent, 0, axes) });
    }
  }
  return rows.map((row) => ({ ...row, there: isNumber(row.there) ? row.there / 100 : null }));
}

function publishedTable(run) {
  const { published } = run.pipeline;
  const rows = publishedRows(run);
  const difference = ({ here, there }) => (isNumber(here) && isNumber(there) ? here - there : null);
  const text = (value, signed) => numberText(value, 'fraction', signed);
  const columns = [
    { name: 'Number', heading: true, value: (row) => rows[row].number },
    {
      name: 'Here',
      number: true,
      value: (row) => rows[row].here,
      text: (row) => text(rows[row].here),
    },
    {
      name: 'Published',
      number: true,
      value: (row) => rows[row].there,
      text: (row) => text(rows[row].there),
    },
    {
      name: 'Difference',
      number: true,
      value: (row) => difference(rows[row]),
      text: (row) => text(difference(rows[row]), true),
    },
  ];
  if (run.sweep) columns.splice(1, 0, { name: 'Variant', value: (row) => rows[row].variant });
  const other = otherSamples(run);
  return el(
    'div',
    {},
    several ? el('h3', {}, `${run.letter} ${run.folder}`) : null,
    el(
      'p',
      {},
      `Percent. ${published.source ? `Source: ${published.source}.` : 'The pipeline names no source.'}`,
    ),
    other
      ? el(
          'p',
          { class: 'missing' },
          `This run is over other samples than the published numbers: ${other}.`,
        )
      : null,
    dataTable({
      name: 'Numbers of this run beside the published ones',
      count: rows.length,
      columns,
      pageSize: 60,
      search: rows.length > 60 ? (row) => `${rows[row].number} ${rows[row].variant}` : null,
    }),
  );
}

function showPublished() {
  const known = runs.filter(
    (run) =>
      run.metrics &&
      object(run.pipeline).published &&
      list(run.pipeline.published.numbers).length > 0,
  );
  if (known.length > 0)
    section('published', 'Beside the published numbers', ...known.map(publishedTable));
}
