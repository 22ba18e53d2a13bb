// Scores: the headline, classes, gains of images, published numbers, and everything else.
const metricsOf = (run) => object(run.metrics);

// The main score of a run: {name, unit, before, after, gain, images, less}, or null.
function headline(run) {
  if (!run.score) return null;
  const { stage, metric, less } = run.score;
  const entry = object(metricsOf(run)[stage]);
  const at = (tree) => metric.split('.').reduce((node, key) => object(node)[key], tree);
  const after = at(entry);
  if (!isNumber(after)) return null;
  const before = at(object(entry.baseline));
  const unit = unitOf(run, `${stage}.${metric}`, [after, before]);
  const name = meaning(run, `${stage}.${metric}`).name || metric;
  const gain = isNumber(before) ? after - before : null;
  return { stage, metric, name, unit, before, after, gain, less, images: entry.images };
}

function gainNode(gain, unit, less) {
  const better = less ? -gain : gain;
  const word = better > 0 ? 'improved' : better < 0 ? 'harmed' : 'equal';
  return el(
    'span',
    { class: `gain ${changeClass(better)}` },
    `${numberText(gain, unit, true)} ${gainUnitText(unit)} (${word})`,
  );
}

function statusNode(run) {
  const texts = {
    done: 'done',
    done_with_failures: 'done with failed samples',
    running: 'running or killed',
    failed: 'failed',
    interrupted: 'interrupted',
    unknown: 'status unknown',
  };
  return el(
    'span',
    { class: run.status === 'done' ? 'status' : 'status bad' },
    texts[run.status] || run.status,
  );
}

function samplesText(run) {
  const samples = object(run.record.samples);
  if (!isNumber(samples.emitted)) return '';
  const parts = ['done', 'skipped', 'failed', 'cancelled', 'left_out']
    .filter((key) => samples[key] > 0)
    .map((key) => `${samples[key].toLocaleString('en')} ${key.replace('_', ' ')}`);
  return `${counted(samples.emitted, 'sample')}: ${parts.join(', ') || 'none done'}`;
}

function headlineCard(run) {
  const head = headline(run);
  const card = el(
    'div',
    { class: 'card' },
    el('h3', {}, withLetter(run, run.record.name || run.folder)),
    el('p', { class: 'note' }, run.folder, ' ', statusNode(run)),
  );
  if (head) {
    const name = `${head.name}, ${unitText(head.unit)}`;
    card.append(el('p', {}, run.sweep ? `${name}, of the best variant` : name));
    const value = (v) => numberText(v, head.unit);
    card.append(
      isNumber(head.before)
        ? el(
            'p',
            { class: 'big' },
            value(head.before),
            el('span', { class: 'arrow', 'aria-label': 'to' }, '\u2192'),
            value(head.after),
          )
        : el('p', { class: 'big' }, value(head.after)),
    );
    if (isNumber(head.gain)) card.append(el('p', {}, gainNode(head.gain, head.unit, head.less)));
    if (isNumber(head.images))
      card.append(el('p', { class: 'note' }, `over ${counted(head.images, 'image')}`));
  } else {
    card.append(el('p', { class: 'big' }, 'No scores'));
  }
  if (run.variant) card.append(el('p', { class: 'note' }, `Variant ${run.variant}`));
  const samples = samplesText(run);
  if (samples) card.append(el('p', { class: 'note' }, samples));
  for (const key of ['conditions', 'remark']) {
    const text = head ? object(metricsOf(run)[head.stage])[key] : '';
    if (text) card.append(el('p', { class: 'note' }, text));
  }
  return card;
}

function showHeadline() {
  const cards = el('div', { class: 'cards' }, ...runs.map(headlineCard));
  const missing = [
    ...runs.flatMap((run) =>
      list(run.missing).map((text) => (several ? `${run.letter}: ${text}` : text)),
    ),
    ...list(data.missing),
  ];
  if (!hasCharts)
    missing.push(
      'charts: this seplflow was built without Chart.js; tables with bars have the same numbers',
    );
  const notes =
    missing.length === 0
      ? null
      : el(
          'div',
          { class: 'missing' },
          el('p', {}, el('strong', {}, 'What this report cannot show:')),
          el('ul', {}, ...missing.map((text) => el('li', {}, text))),
        );
  section('result', 'Result', notes, cards, several ? differingOptions() : null);
}

function differingOptions() {
  const settings = runs.map(
    (run) =>
      new Map(
        list(object(run.pipeline).settings).map(([stage, key, value]) => [
          stage ? `${stage}.${key}` : key,
          value,
        ]),
      ),
  );
  const names = [...new Set(settings.flatMap((each) => [...each.keys()]))];
  const different = names.filter((name) =>
    settings.some((each) => each.get(name) !== settings[0].get(name)),
  );
  if (different.length === 0) return el('p', {}, 'The runs have the same options.');
  return el(
    'div',
    {},
    el('h3', {}, 'Options that differ'),
    dataTable({
      name: 'Options that differ between the runs',
      count: different.length,
      columns: [
        { name: 'Option', heading: true, value: (row) => different[row] },
        ...runs.map((run, r) => ({
          name: run.letter,
          value: (row) => settings[r].get(different[row]) ?? '-',
        })),
      ],
    }),
  );
}

// The classes of all runs: {id, name, values: [before, after] of each run}, and what the number is.
function classTable() {
  const rows = new Map();
  let number = '';
  runs.forEach((run, r) => {
    const head = run.score ? object(metricsOf(run)[run.score.stage]) : {};
    [object(head.baseline).classes, head.classes].forEach((classes, side) => {
      for (const each of list(classes).map(object)) {
        if (typeof each.name !== 'string') continue;
        number =
          number || Object.keys(each).find((key) => key !== 'id' && isNumber(each[key])) || '';
        const key = `${each.id} ${each.name}`;
        if (!rows.has(key)) {
          rows.set(key, { id: each.id, name: each.name, values: runs.map(() => [null, null]) });
        }
        rows.get(key).values[r][side] = isNumber(each[number]) ? each[number] : null;
      }
    });
  });
  return { number, rows: [...rows.values()] };
}

const kClassesCharted = 30;

function showClasses() {
  const { number, rows } = classTable();
  if (rows.length === 0) return;
  const values = rows.flatMap((row) => row.values.flat());
  const unit = values.filter(isNumber).every((v) => Math.abs(v) <= 1) ? 'fraction' : '';
  const shown = number === 'iou' ? 'IoU' : number;
  const hasBefore = runs.map((_, r) => rows.some((row) => isNumber(row.values[r][0])));
  const sameBefore = runs.map(
    (_, r) => r > 0 && hasBefore[0] && rows.every((row) => row.values[r][0] === row.values[0][0]),
  );
  const series = runs.flatMap((run, r) => {
    const before = {
      name: withLetter(run, 'before'),
      r,
      side: 0,
      colour: r === 0 ? '--before' : runColour(r + 3),
    };
    const after = { name: withLetter(run, 'after'), r, side: 1, colour: runColour(r) };
    return hasBefore[r] && !sameBefore[r] ? [before, after] : [after];
  });
  const gain = (row, r) => {
    const [before, after] = row.values[r];
    const against = several && r > 0 ? row.values[0][1] : before;
    return isNumber(against) && isNumber(after) ? after - against : null;
  };
  const change = (row) => Math.max(...runs.map((_, r) => Math.abs(gain(row, r) ?? 0)));
  let charted = rows;
  if (rows.length > kClassesCharted) {
    charted = [...rows].sort((a, b) => change(b) - change(a)).slice(0, kClassesCharted);
  }
  const scale = unit === 'fraction' ? 100 : 1;
  const classes = counted(rows.length, 'class', 'classes');
  const chart = barChart({
    labels: charted.map((row) => row.name),
    series: series.map(({ name, r, side, colour }) => ({
      name,
      colour,
      values: charted.map((row) =>
        isNumber(row.values[r][side]) ? scale * row.values[r][side] : null,
      ),
    })),
    horizontal: true,
    valueTitle: `${shown}, ${unitText(unit)}`,
    height: 90 + charted.length * (12 + 9 * series.length),
    summary:
      `Bars of the ${shown} of ${counted(charted.length, 'class', 'classes')}; ` +
      'the table below has the same numbers',
    text: (value) => value.toFixed(2),
  });
  const greatest = Math.max(...values.filter(isNumber).map(Math.abs), 0);
  const columns = [
    { name: 'Id', number: true, value: (row) => rows[row].id ?? null },
    { name: 'Class', heading: true, value: (row) => rows[row].name },
    ...series.map(({ name, r, side }) => ({
      name: `${name[0].toUpperCase()}${name.slice(1)}`,
      number: true,
      value: (row) => rows[row].values[r][side],
      text: (row) => numberText(rows[row].values[r][side], unit),
    })),
    ...runs.map((run, r) => ({
      name: several && r > 0 ? `${run.letter}-A` : withLetter(run, several ? 'gain' : 'Gain'),
      number: true,
      value: (row) => gain(rows[row], r),
      node: (row) =>
        el(
          'span',
          { class: changeClass(gain(rows[row], r)) },
          numberText(gain(rows[row], r), unit, true),
        ),
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
          ...series.map(({ r, side, colour }) =>
            cellBar(rows[row].values[r][side], greatest, colour),
          ),
        ),
    });
  }
  section(
    'classes',
    'Classes',
    chart
      ? el(
          'figure',
          {},
          el(
            'figcaption',
            {},
            rows.length > charted.length
              ? `The ${charted.length} of ${classes} that changed most. The table has all of them.`
              : `${shown} of each class.`,
          ),
          chart,
        )
      : null,
    dataTable({
      name: `${shown} of each class, ${unitText(unit)}`,
      count: rows.length,
      columns,
      pageSize: 250,
      search: rows.length > kClassesCharted ? (row) => rows[row].name : null,
    }),
  );
}

// A row for each number of each evaluator.
function showNumbers() {
  const rows = new Map();
  runs.forEach((run, r) =>
    eachNumber(metricsOf(run), '', (path, value) => {
      if (!rows.has(path)) rows.set(path, { path, values: runs.map(() => null) });
      rows.get(path).values[r] = value;
    }),
  );
  if (rows.size === 0) return;
  const all = [...rows.values()];
  all.forEach((row) => {
    row.unit = runs.map((run) => unitOf(run, row.path, row.values)).find((unit) => unit) || '';
  });
  section(
    'scores',
    'All scores and counts',
    dataTable({
      name: 'All scores and counts of metrics.json',
      count: all.length,
      pageSize: 100,
      search: all.length > 20 ? (row) => all[row].path : null,
      columns: [
        { name: 'Number', heading: true, value: (row) => all[row].path },
        ...runs.map((run, r) => ({
          name: withLetter(run, several ? '' : 'Value').trim(),
          number: true,
          value: (row) => all[row].values[r],
          text: (row) =>
            numberText(all[row].values[r], all[row].unit, all[row].path.includes('.gain.')),
        })),
        { name: 'Unit', value: (row) => unitText(all[row].unit) || '-' },
      ],
    }),
  );
}
