// How the run was made: failures and warnings, graph, time, options, versions.

function showFailures() {
  const content = runs.map((run) => {
    const failures = object(run.failures);
    const rows = list(failures.rows);
    const warnings = list(run.record.warnings).map(object);
    const parts = [several ? el('h3', {}, `${run.letter} ${run.folder}`) : null];
    if (run.record.error) parts.push(el('p', { class: 'missing' }, `The run failed: ${run.record.error}`));
    const crash = object(run.record.crash);
    if (crash.stage) parts.push(el('p', { class: 'missing' }, `Stage "${crash.stage}" crashed${crash.sample ? ` at ${crash.sample}` : ''}.`));
    if (rows.length > 0) {
      const names = ['Sample', 'Outcome', 'Stage', 'Error'];
      parts.push(failures.total > rows.length
        ? el('p', {}, `${counted(failures.total, 'sample')} failed or were skipped; the first ${rows.length.toLocaleString('en')} are listed.`) : null,
      dataTable({ name: 'Samples that failed or were skipped', count: rows.length, pageSize: 20,
        search: rows.length > 20 ? (row) => rows[row].join(' ') : null,
        columns: names.map((name, i) => ({ name, heading: i === 0, value: (row) => rows[row][i] })) }));
    } else {
      parts.push(el('p', {}, 'No sample failed, and none was skipped.'));
    }
    const leftOut = list(run.record.left_out);
    if (leftOut.length > 0) parts.push(el('p', {}, `Left out by "skip": ${leftOut.join(', ')}`));
    if (warnings.length > 0) {
      parts.push(el('h3', {}, 'Warnings'), dataTable({ name: 'Warnings', count: warnings.length, pageSize: 20, columns: [
        { name: 'Stage', heading: true, value: (row) => warnings[row].stage ?? '' },
        { name: 'Warning', value: (row) => warnings[row].what ?? '',
          text: (row) => [warnings[row].what, warnings[row].detail].filter(Boolean).join(': ') },
        { name: 'Samples', number: true, value: (row) => warnings[row].samples ?? null },
        { name: 'First', value: (row) => warnings[row].first ?? '' }] }));
    } else {
      parts.push(el('p', {}, 'There were no warnings.'));
    }
    return el('div', {}, ...parts);
  });
  section('failures', 'Failures and warnings', ...content);
}

// An element of SVG. Its namespace comes from the parser, so that this page names no address.
const svgNamespace = (() => {
  const template = document.createElement('template');
  template.innerHTML = '<svg></svg>';
  return template.content.firstChild.namespaceURI;
})();
function svg(tag, attributes, ...children) {
  const element = document.createElementNS(svgNamespace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Each stage right of those that it reads from; within a column, near to them.
function layoutOf(stages) {
  const index = new Map(stages.map((stage, i) => [stage.name, i]));
  const depth = stages.map(() => 0);
  for (let round = 0; round < stages.length; ++round) {
    stages.forEach((stage, i) => stage.reads.forEach(([, from]) => {
      if (index.has(from)) depth[i] = Math.max(depth[i], Math.min(depth[index.get(from)] + 1, stages.length));
    }));
  }
  const columns = [];
  stages.forEach((_, i) => { (columns[depth[i]] = columns[depth[i]] || []).push(i); });
  const y = stages.map(() => 0);
  columns.filter(Boolean).forEach((column) => {
    const wanted = (i) => {
      const from = stages[i].reads.map(([, name]) => index.get(name)).filter((j) => j !== undefined);
      return from.length ? from.reduce((sum, j) => sum + y[j], 0) / from.length : i;
    };
    column.sort((a, b) => wanted(a) - wanted(b) || a - b);
    column.forEach((i, place) => { y[i] = place - (column.length - 1) / 2; });
  });
  return { index, depth, y };
}

// The wires from one stage to another share a line: {from, to, labels}.
function wiresOf(stages, index) {
  const wires = new Map();
  stages.forEach((stage, to) => stage.reads.forEach(([input, name, output]) => {
    if (!index.has(name)) return;
    const from = index.get(name);
    const key = `${from} ${to}`;
    if (!wires.has(key)) wires.set(key, { from, to, labels: [] });
    const label = output && input && output !== input ? `${output} as ${input}` : output || input;
    if (label) wires.get(key).labels.push(label);
  }));
  return [...wires.values()];
}

const kBox = { width: 150, height: 46, right: 130, down: 34 };

function graph(stages, varied) {
  const { index, depth, y } = layoutOf(stages);
  const widest = Math.max(...stages.map((stage) => Math.max(stage.name.length * 7.5, stage.use.length * 6.3)));
  const width = Math.max(kBox.width, Math.min(widest + 24, 260));
  const top = Math.min(...y);
  const x = (i) => 10 + depth[i] * (width + kBox.right);
  const middle = (i) => 30 + (y[i] - top) * (kBox.height + kBox.down) + kBox.height / 2;
  const full = { width: Math.max(...stages.map((_, i) => x(i))) + width + 10,
    height: Math.max(...stages.map((_, i) => middle(i))) + kBox.height / 2 + 30 };
  const picture = svg('svg', { viewBox: `0 0 ${full.width} ${full.height}`, width: full.width, height: full.height,
    role: 'img', 'aria-label': 'The graph of the pipeline; the table below has the same connections' });
  const wires = wiresOf(stages, index);
  const labels = [];
  wires.forEach(({ from, to, labels: texts }) => {
    const into = wires.filter((each) => each.to === to);
    const place = into.findIndex((each) => each.from === from);
    const x1 = x(from) + width;
    const y1 = middle(from);
    const x2 = x(to) - 7;
    const y2 = middle(to) + (place - (into.length - 1) / 2) * 12;
    const skips = depth[to] - depth[from] > 1;
    // A wire that passes a column goes around the boxes in it.
    const bend = skips ? (y2 >= y1 ? 1 : -1) * (kBox.height / 2 + kBox.down / 2 + 2) : 0;
    const far = (x2 - x1) * 0.5;
    picture.append(svg('path', { class: 'wire',
      d: skips ? `M${x1} ${y1} C${x1 + 60} ${y1 + bend} ${x1 + 60} ${y1 + bend} ${x1 + kBox.right} ${y1 + bend} ` +
        `L${x2 - kBox.right + 10} ${y1 + bend} C${x2 - 60} ${y1 + bend} ${x2 - 60} ${y2} ${x2} ${y2}`
        : `M${x1} ${y1} C${x1 + far} ${y1} ${x2 - far} ${y2} ${x2} ${y2}` }),
    svg('path', { class: 'tip', d: `M${x2 + 7} ${y2} l-9 -4 v8 z` }));
    const at = skips ? { x: x2 - 40, y: (y1 + bend + y2) / 2 } : { x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
    texts.forEach((text, i) => labels.push(svg('text', { class: 'wire-label', 'text-anchor': 'middle',
      x: at.x, y: at.y - 3 + (i - (texts.length - 1) / 2) * 13 }, text)));
  });
  const short = (text, letters) => (text.length > letters ? `${text.slice(0, letters - 1)}\u2026` : text);
  stages.forEach((stage, i) => {
    const isEnd = stage.reads.length === 0 || !wires.some(({ from }) => from === i);
    picture.append(svg('rect', { class: varied.has(stage.name) ? 'node varied' : 'node', x: x(i), y: middle(i) - kBox.height / 2,
      width, height: kBox.height, rx: isEnd ? 20 : 4 }),
    svg('text', { x: x(i) + width / 2, y: middle(i) - 3, 'text-anchor': 'middle' }, short(stage.name, 32)),
    svg('text', { class: 'use', x: x(i) + width / 2, y: middle(i) + 14, 'text-anchor': 'middle' }, short(stage.use, 38)));
  });
  picture.append(...labels);
  return picture;
}

function stageTable(run, stages) {
  const known = new Map();
  list(run.record.stages).map(object).forEach((each) => {
    const key = String(each.stage);
    if (!known.has(key)) known.set(key, { use: each.use, in: 0, out: 0, failed: 0, skipped: 0, seconds: 0 });
    const sum = known.get(key);
    for (const number of ['in', 'out', 'failed', 'skipped', 'seconds']) {
      if (isNumber(each[number])) sum[number] += each[number];
    }
  });
  const names = [...new Set([...stages.map((stage) => stage.name), ...known.keys()])];
  const readsText = (name) => {
    const stage = stages.find((each) => each.name === name);
    return stage ? stage.reads.map(([input, from, output]) =>
      `${input ? `${input}: ` : ''}${from}${output ? `.${output}` : ''}`).join(', ') || '-' : '-';
  };
  const use = (name) => (stages.find((each) => each.name === name) || known.get(name)).use || '-';
  const number = (key) => (row) => (known.has(names[row]) ? known.get(names[row])[key] : null);
  const seconds = number('seconds');
  const greatest = Math.max(...names.map((_, row) => seconds(row) ?? 0));
  const columns = [
    { name: 'Stage', heading: true, value: (row) => names[row] },
    { name: 'Type', value: (row) => use(names[row]) },
    { name: 'Reads', value: (row) => readsText(names[row]) }];
  if (known.size > 0) {
    for (const [name, key] of [['In', 'in'], ['Out', 'out'], ['Skipped', 'skipped'], ['Failed', 'failed']]) {
      columns.push({ name, number: true, value: number(key) });
    }
    columns.push({ name: 'Seconds', number: true, value: seconds, text: (row) => (isNumber(seconds(row)) ? seconds(row).toFixed(2) : '-') },
      { name: 'Share', kind: 'bars', node: (row) => cellBar(seconds(row), greatest, '--run-0') });
  }
  return dataTable({ name: 'Stages', count: names.length, columns, pageSize: 100 });
}

// The settings as the pipeline file has them.
function settingsText(settings) {
  let last = null;
  const lines = [];
  for (const [stage, key, value] of settings) {
    if (stage !== last && stage) lines.push('', `[${stage === 'run' || stage === 'sweep' || stage === 'variants' ? stage : `stages.${stage}`}]`);
    last = stage;
    lines.push(`${key.includes('.') ? `"${key}"` : key} = ${value}`);
  }
  return lines.join('\n').trim();
}

function timeText(run) {
  const { record } = run;
  const parts = [];
  if (isNumber(record.seconds)) parts.push(`The graph ran ${record.seconds.toFixed(2)} seconds with ${counted(record.jobs ?? 0, 'thread')}.`);
  if (Array.isArray(record.merged)) parts.push(`This run was merged from ${counted(record.merged.length, 'run')}; seconds are those of merging, not of the work.`);
  if (run.variant) parts.push('The seconds are those of the whole sweep.');
  const reused = object(record.samples).reused;
  if (reused > 0) parts.push(`${counted(reused, 'sample')} came from an earlier run, and their time is not in these seconds.`);
  parts.push('The seconds of a stage are those of all threads together.');
  return parts.join(' ');
}

function pipelineOf(run) {
  const pipeline = object(run.pipeline);
  const stages = list(pipeline.stages);
  const varied = new Set(list(pipeline.axes).map((key) => key.split('.')[0]));
  const outline = varied.size > 0 ? ' The sweep varies the stages with a bold outline.' : '';
  return el('div', {}, several ? el('h3', {}, `${run.letter} ${run.folder}`) : null,
    stages.length > 0 ? el('figure', {}, scrolled('Graph of the pipeline', graph(stages, varied)),
      el('figcaption', {}, `Data flows from left to right.${outline}`)) : el('p', {}, 'The pipeline is unknown.'),
    stages.length > 0 || run.record.stages ? stageTable(run, stages) : null,
    el('p', { class: 'note' }, timeText(run)),
    el('details', {}, el('summary', {}, 'The resolved pipeline'), el('pre', { tabindex: 0 }, settingsText(list(pipeline.settings)))));
}

function versionRows(run) {
  const { record } = run;
  const machine = object(record.machine);
  const rows = [['Run folder', run.folder], ['Pipeline', record.pipeline], ['Started', record.started], ['Finished', record.finished],
    ['Command', list(record.command_line).join(' ')], ['Machine', [machine.host, machine.system, machine.cores && counted(machine.cores, 'core')].filter(Boolean).join(', ')]];
  for (const [name, version] of Object.entries(object(record.versions))) rows.push([name.replace('_', ' '), version]);
  const shard = object(record.shard);
  if (shard.count) rows.push(['Shard', `${shard.index}/${shard.count}`]);
  if (Array.isArray(record.merged)) rows.push(['Merged from', record.merged.join(', ')]);
  for (const plugin of list(record.plugins).map(object)) {
    rows.push(['Plugin', `${plugin.path}${plugin.version ? ` ${plugin.version}` : ''} (ABI ${plugin.abi}, xxh128 ${plugin.xxh128})`]);
  }
  return rows.filter(([, value]) => value);
}

function showPipeline() {
  section('pipeline', 'Pipeline and time', ...runs.map(pipelineOf));
  section('versions', 'Versions and machine', ...runs.map((run) => {
    const rows = versionRows(run);
    return el('div', {}, several ? el('h3', {}, `${run.letter} ${run.folder}`) : null, dataTable({
      name: 'Versions and machine', count: rows.length, pageSize: 200,
      columns: [{ name: 'What', heading: true, text: (row) => rows[row][0] }, { name: 'Value', text: (row) => String(rows[row][1]) }] }));
  }));
}
