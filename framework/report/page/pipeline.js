// How the run was made: failures and warnings, graph, time, options, versions.

function showFailures() {
  const content = runs.map((run) => {
    const failures = object(run.failures);
    const rows = list(failures.rows);
    const warnings = list(run.record.warnings).map(object);
    const parts = [several ? el('h3', {}, `${run.letter} ${run.folder}`) : null];
    if (run.record.error)
      parts.push(el('p', { class: 'missing' }, `The run failed: ${run.record.error}`));
    const crash = object(run.record.crash);
    if (crash.stage)
      parts.push(
        el(
          'p',
          { class: 'missing' },
          `Stage "${crash.stage}" crashed${crash.sample ? ` at ${crash.sample}` : ''}.`,
        ),
      );
    if (rows.length > 0) {
      const names = ['Sample', 'Outcome', 'Stage', 'Error'];
      parts.push(
        failures.total > rows.length
          ? el(
              'p',
              {},
              `${counted(failures.total, 'sample')} failed or were skipped; the first ${rows.length.toLocaleString('en')} are listed.`,
            )
          : null,
        dataTable({
          name: 'Samples that failed or were skipped',
          count: rows.length,
          pageSize: 20,
          search: rows.length > 20 ? (row) => rows[row].join(' ') : null,
          columns: names.map((name, i) => ({
            name,
            heading: i === 0,
            value: (row) => rows[row][i],
          })),
        }),
      );
    } else {
      parts.push(el('p', {}, 'No sample failed, and none was skipped.'));
    }
    const leftOut = list(run.record.left_out);
    if (leftOut.length > 0) parts.push(el('p', {}, `Left out by "skip": ${leftOut.join(', ')}`));
    if (warnings.length > 0) {
      parts.push(
        el('h3', {}, 'Warnings'),
        dataTable({
          name: 'Warnings',
          count: warnings.length,
          pageSize: 20,
          columns: [
            { name: 'Stage', heading: true, value: (row) => warnings[row].stage ?? '' },
            {
              name: 'Warning',
              value: (row) => warnings[row].what ?? '',
              text: (row) => [warnings[row].what, warnings[row].detail].filter(Boolean).join(': '),
            },
            { name: 'Samples', number: true, value: (row) => warnings[row].samples ?? null },
            { name: 'First', value: (row) => warnings[row].first ?? '' },
          ],
        }),
      );
    } else {
      parts.push(el('p', {}, 'There were no warnings.'));
    }
    return el('div', {}, ...parts);
  });
  section('failures', 'Failures and warnings', ...content);
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
    if (stage !== last && stage)
      lines.push(
        '',
        `[${stage === 'run' || stage === 'sweep' || stage === 'variants' ? stage : `stages.${stage}`}]`,
      );
    last = stage;
    lines.push(`${key.includes('.') ? `"${key}"` : key} = ${value}`);
  }
  return lines.join('\n').trim();
}

function timeText(run) {
  const { record } = run;
  const parts = [];
  if (isNumber(record.seconds))
    parts.push(
      `The graph ran ${record.seconds.toFixed(2)} seconds with ${counted(record.jobs ?? 0, 'thread')}.`,
    );
  if (Array.isArray(record.merged))
    parts.push(
      `This run was merged from ${counted(record.merged.length, 'run')}; seconds are those of merging, not of the work.`,
    );
  if (run.variant) parts.push('The seconds are those of the whole sweep.');
  const reused = object(record.samples).reused;
  if (reused > 0)
    parts.push(
      `${counted(reused, 'sample')} came from an earlier run, and their time is not in these seconds.`,
    );
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
