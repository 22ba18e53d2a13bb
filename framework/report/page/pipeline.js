// How the run was made: failures and warnings, graph, time, options, versions.

function failureTable({ rows, total }) {
  const note =
    total > rows.length
      ? `${counted(total, 'sample')} failed or were skipped; the first ${rows.length} are listed.`
      : null;
  const names = ['Sample', 'Outcome', 'Stage', 'Error'];
  const table = dataTable({
    name: 'Samples that failed or were skipped',
    count: rows.length,
    pageSize: 20,
    search: rows.length > 20 ? (row) => rows[row].join(' ') : null,
    columns: names.map((name, i) => ({ name, heading: i === 0, value: (row) => rows[row][i] })),
  });
  return el('div', {}, note ? el('p', {}, note) : null, table);
}

function warningTable(warnings) {
  const text = ({ what, detail }) => [what, detail].filter(Boolean).join(': ');
  return dataTable({
    name: 'Warnings',
    count: warnings.length,
    pageSize: 20,
    columns: [
      { name: 'Stage', heading: true, value: (row) => warnings[row].stage ?? '' },
      { name: 'Warning', value: (row) => text(warnings[row]) },
      { name: 'Samples', number: true, value: (row) => warnings[row].samples ?? null },
      { name: 'First', value: (row) => warnings[row].first ?? '' },
    ],
  });
}

function failuresOf(run) {
  const { error, crash, left_out: leftOut } = run.record;
  const failures = { total: 0, ...object(run.failures), rows: list(object(run.failures).rows) };
  const warnings = list(run.record.warnings).map(object);
  const { stage, sample } = object(crash);
  const crashed = stage ? `Stage "${stage}" crashed${sample ? ` at ${sample}` : ''}.` : null;
  const paragraph = (text, kind = null) => (text ? el('p', { class: kind }, text) : null);
  return el(
    'div',
    {},
    several ? el('h3', {}, `${run.letter} ${run.folder}`) : null,
    paragraph(error ? `The run failed: ${error}` : null, 'missing'),
    paragraph(crashed, 'missing'),
    failures.rows.length > 0
      ? failureTable(failures)
      : paragraph('No sample failed, and none was skipped.'),
    paragraph(list(leftOut).length > 0 ? `Left out by "skip": ${leftOut.join(', ')}` : null),
    warnings.length > 0 ? el('h3', {}, 'Warnings') : paragraph('There were no warnings.'),
    warnings.length > 0 ? warningTable(warnings) : null,
  );
}

function showFailures() {
  section('failures', 'Failures and warnings', ...runs.map(failuresOf));
}

function stageTable(run, stages) {
  const known = new Map();
  list(run.record.stages)
    .map(object)
    .forEach((each) => {
      const key = String(each.stage);
      if (!known.has(key))
        known.set(key, { use: each.use, in: 0, out: 0, failed: 0, skipped: 0, seconds: 0 });
      const sum = known.get(key);
      for (const number of ['in', 'out', 'failed', 'skipped', 'seconds']) {
        if (isNumber(each[number])) sum[number] += each[number];
      }
    });
  const names = [...new Set([...stages.map((stage) => stage.name), ...known.keys()])];
  const readsText = (name) => {
    const stage = stages.find((each) => each.name === name);
    return stage
      ? stage.reads
          .map(
            ([input, from, output]) =>
              `${input ? `${input}: ` : ''}${from}${output ? `.${output}` : ''}`,
          )
          .join(', ') || '-'
      : '-';
  };
  const use = (name) => (stages.find((each) => each.name === name) || known.get(name)).use || '-';
  const number = (key) => (row) => (known.has(names[row]) ? known.get(names[row])[key] : null);
  const seconds = number('seconds');
  const greatest = Math.max(...names.map((_, row) => seconds(row) ?? 0));
  const columns = [
    { name: 'Stage', heading: true, value: (row) => names[row] },
    { name: 'Type', kind: 'name', value: (row) => use(names[row]) },
    { name: 'Reads', value: (row) => readsText(names[row]) },
  ];
  if (known.size > 0) {
    for (const [name, key] of [
      ['In', 'in'],
      ['Out', 'out'],
      ['Skipped', 'skipped'],
      ['Failed', 'failed'],
    ]) {
      columns.push({ name, number: true, value: number(key) });
    }
    columns.push(
      {
        name: 'Seconds',
        number: true,
        value: seconds,
        text: (row) => (isNumber(seconds(row)) ? seconds(row).toFixed(2) : '-'),
      },
      { name: 'Share', kind: 'bars', node: (row) => cellBar(seconds(row), greatest, '--run-0') },
    );
  }
  return dataTable({ name: 'Stages', count: names.length, columns, pageSize: 100 });
}

// The settings as the pipeline file has them.
function settingsText(settings) {
  let last = null;
  const lines = [];
  for (const [stage, key, value] of settings) {
    const table = ['run', 'sweep', 'variants'].includes(stage) ? stage : `stages.${stage}`;
    if (stage !== last && stage) lines.push('', `[${table}]`);
    last = stage;
    lines.push(`${key.includes('.') ? `"${key}"` : key} = ${value}`);
  }
  return lines.join('\n').trim();
}

function timeText(run) {
  const { record } = run;
  const parts = [];
  if (isNumber(record.seconds)) {
    const threads = isNumber(record.jobs) ? ` with ${counted(record.jobs, 'thread')}` : '';
    parts.push(`The graph ran ${record.seconds.toFixed(2)} seconds${threads}.`);
  }
  if (Array.isArray(record.merged)) {
    parts.push(`This run was merged from ${counted(record.merged.length, 'run')}.`);
    parts.push('The seconds are those of merging, not of the work.');
  }
  if (run.variant) parts.push('The seconds are those of the whole sweep.');
  const reused = object(record.samples).reused;
  if (reused > 0 && !record.merged) {
    parts.push(
      `${counted(reused, 'sample')} came from an earlier run; their time is not included.`,
    );
  }
  parts.push('The seconds of a stage are those of all threads together.');
  return parts.join(' ');
}

function pipelineOf(run) {
  const pipeline = object(run.pipeline);
  const stages = list(pipeline.stages);
  const varied = new Set(list(pipeline.axes).map((key) => key.split('.')[0]));
  const outline = varied.size > 0 ? ' The sweep varies the stages with a bold outline.' : '';
  return el(
    'div',
    {},
    several ? el('h3', {}, `${run.letter} ${run.folder}`) : null,
    stages.length > 0
      ? el(
          'figure',
          {},
          scrolled('Graph of the pipeline', graph(stages, varied)),
          el('figcaption', {}, `Data flows from left to right.${outline}`),
        )
      : el('p', {}, 'The pipeline is unknown.'),
    stages.length > 0 || run.record.stages ? stageTable(run, stages) : null,
    el('p', { class: 'note' }, timeText(run)),
    el(
      'details',
      {},
      el('summary', {}, 'The resolved pipeline'),
      el('pre', { tabindex: 0 }, settingsText(list(pipeline.settings))),
    ),
  );
}

function versionRows(run) {
  const { record } = run;
  const machine = object(record.machine);
  const rows = [
    ['Run folder', run.folder],
    ['Pipeline', record.pipeline],
    ['Started', record.started],
    ['Finished', record.finished],
    ['Cost', run.cost],
    ['Command', list(record.command_line).join(' ')],
    [
      'Machine',
      [machine.host, machine.system, machine.cores && counted(machine.cores, 'core')]
        .filter(Boolean)
        .join(', '),
    ],
  ];
  for (const [name, version] of Object.entries(object(record.versions)))
    rows.push([name.replace('_', ' '), version]);
  const shard = object(record.shard);
  if (shard.count) rows.push(['Shard', `${shard.index}/${shard.count}`]);
  if (Array.isArray(record.merged)) rows.push(['Merged from', record.merged.join(', ')]);
  for (const plugin of list(record.plugins).map(object)) {
    rows.push([
      'Plugin',
      `${plugin.path}${plugin.version ? ` ${plugin.version}` : ''} (ABI ${plugin.abi}, xxh128 ${plugin.xxh128})`,
    ]);
  }
  return rows.filter(([, value]) => value);
}

function showPipeline() {
  section('pipeline', 'Pipeline and time', ...runs.map(pipelineOf));
  section(
    'versions',
    'Versions and machine',
    ...runs.map((run) => {
      const rows = versionRows(run);
      return el(
        'div',
        {},
        several ? el('h3', {}, `${run.letter} ${run.folder}`) : null,
        dataTable({
          name: 'Versions and machine',
          count: rows.length,
          pageSize: 200,
          columns: [
            { name: 'What', heading: true, text: (row) => rows[row][0] },
            { name: 'Value', text: (row) => String(rows[row][1]) },
          ],
        }),
      );
    }),
  );
}
