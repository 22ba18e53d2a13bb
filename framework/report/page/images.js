// The table of all images.

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

// A column of the table: "before", "after" or "gain" of a run. `rows` has the places of the images.
function scoreColumn(r, table, key, name, places) {
  const value = (row) => (places[row][r] < 0 ? null : table[key][places[row][r]]);
  const isGain = key === 'gain';
  const colour = (row) => (isGain ? changeClass(table.less ? -value(row) : value(row)) : null);
  return {
    name: withLetter(runs[r], several ? name.toLowerCase() : name),
    number: true,
    value,
    node: (row) => el('span', { class: colour(row) }, numberText(value(row), table.unit, isGain)),
  };
}

function nameColumn(names, panels) {
  const open = (name) =>
    el(
      'button',
      { type: 'button', 'aria-haspopup': 'dialog', onclick: () => openPanel(panels.get(name)) },
      name,
    );
  return {
    name: 'Image',
    heading: true,
    value: (row) => names[row],
    node: (row) => (panels.has(names[row]) ? open(names[row]) : names[row]),
  };
}

function runColumns(r, table, names, places) {
  const column = (key, name) => scoreColumn(r, table, key, name, places);
  const columns = [column('after', table.before ? 'After' : table.name)];
  if (table.before) columns.unshift(column('before', 'Before'));
  if (table.gain) columns.push(column('gain', 'Gain'));
  if (runs[r].causes) {
    const causes = names.map((name) => mainCause(runs[r], name));
    const name = withLetter(runs[r], several ? 'main cause' : 'Main cause');
    columns.push({ name, value: (row) => causes[row], searched: true });
  }
  return columns;
}

// Rows that can be shown alone, by the gain of a run.
function imageGroups(gain, less, hasPanel) {
  const better = (row) => (less ? -gain.value(row) : gain.value(row));
  const known = (row) => isNumber(gain.value(row));
  const groups = [['all images', () => true]];
  if (gain) {
    groups.push(
      ['improved', (row) => known(row) && better(row) > 0],
      ['harmed', (row) => known(row) && better(row) < 0],
      ['equal', (row) => gain.value(row) === 0],
    );
  }
  if (data.panels.length > 0) groups.push(['with pictures', hasPanel]);
  return groups;
}

function showImages() {
  const tables = runs.map(imageColumns);
  const first = tables.find(Boolean);
  if (!first) return;
  const joined = joinedImages(tables);
  const names = [...joined.keys()];
  const places = [...joined.values()];
  const panels = new Map(list(data.panels).map((panel) => [panel.id, panel]));
  const columns = [nameColumn(names, panels)];
  tables.forEach((table, r) => {
    if (table) columns.push(...runColumns(r, table, names, places));
  });
  const gain = columns.find((column) => /gain$/i.test(column.name));
  const searched = columns.filter((column) => column.heading || column.searched);
  section(
    'images',
    'All images',
    el(
      'p',
      { class: 'note' },
      `${first.name} of each image, ${unitText(first.unit)}. A name that is underlined opens the ` +
        'pictures of its image; seplflow report --panels N shows more images.',
    ),
    dataTable({
      name: 'All images',
      count: names.length,
      columns,
      groups: imageGroups(gain, first.less, (row) => panels.has(names[row])),
      search: (row) => searched.map((column) => column.value(row) ?? '').join(' '),
      sort: { column: gain ? columns.indexOf(gain) : 1, descending: Boolean(first.less) },
    }),
  );
}
