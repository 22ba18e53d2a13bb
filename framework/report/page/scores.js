// Scores: the headline, and all numbers of metrics.json.
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
