// The scores of the classes, before and after.

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

// The columns of numbers: before and after of each run. What is before in run A is not repeated.
function classSeries(rows) {
  const hasBefore = (r) => rows.some((row) => isNumber(row.values[r][0]));
  const repeats = (r) =>
    r > 0 && hasBefore(0) && rows.every((row) => row.values[r][0] === row.values[0][0]);
  return runs.flatMap((run, r) => {
    const before = {
      name: withLetter(run, 'before'),
      value: (row) => row.values[r][0],
      colour: r === 0 ? '--before' : runColour(r + 3),
    };
    const after = {
      name: withLetter(run, 'after'),
      value: (row) => row.values[r][1],
      colour: runColour(r),
    };
    return hasBefore(r) && !repeats(r) ? [before, after] : [after];
  });
}

// After minus before in the first run, and after in another run minus after in the first.
function classGain(row, r) {
  const [before, after] = row.values[r];
  const against = r > 0 ? row.values[0][1] : before;
  return isNumber(against) && isNumber(after) ? after - against : null;
}

function classChart(rows, series, shown, unit) {
  const scale = unit === 'fraction' ? 100 : 1;
  return barChart({
    labels: rows.map((row) => row.name),
    series: series.map(({ name, value, colour }) => ({
      name,
      colour,
      values: rows.map((row) => (isNumber(value(row)) ? scale * value(row) : null)),
    })),
    horizontal: true,
    valueTitle: `${shown}, ${unitText(unit)}`,
    height: 90 + rows.length * (12 + 9 * series.length),
    summary:
      `Bars of the ${shown} of ${counted(rows.length, 'class', 'classes')}; ` +
      'the table below has the same numbers',
    text: (value) => value.toFixed(2),
  });
}

function classColumns(rows, series, unit) {
  const gainColumn = (run, r) => ({
    name: r > 0 ? `${run.letter}-A` : withLetter(run, several ? 'gain' : 'Gain'),
    number: true,
    value: (row) => classGain(rows[row], r),
    node: (row) => {
      const gain = classGain(rows[row], r);
      return el('span', { class: changeClass(gain) }, numberText(gain, unit, true));
    },
  });
  return [
    { name: 'Id', number: true, value: (row) => rows[row].id ?? null },
    { name: 'Class', heading: true, value: (row) => rows[row].name },
    ...series.map(({ name, value }) => ({
      name: `${name[0].toUpperCase()}${name.slice(1)}`,
      number: true,
      value: (row) => value(rows[row]),
      text: (row) => numberText(value(rows[row]), unit),
    })),
    ...runs.map(gainColumn),
  ];
}

function showClasses() {
  const { number, rows } = classTable();
  if (rows.length === 0) return;
  const values = rows.flatMap((row) => row.values.flat()).filter(isNumber);
  const unit = values.every((v) => Math.abs(v) <= 1) ? 'fraction' : '';
  const shown = number === 'iou' ? 'IoU' : number;
  const series = classSeries(rows);
  const change = (row) => Math.max(...runs.map((_, r) => Math.abs(classGain(row, r) ?? 0)));
  const isLong = rows.length > kClassesCharted;
  const charted = isLong
    ? [...rows].sort((a, b) => change(b) - change(a)).slice(0, kClassesCharted)
    : rows;
  const chart = classChart(charted, series, shown, unit);
  const columns = classColumns(rows, series, unit);
  if (!chart) {
    const greatest = Math.max(...values.map(Math.abs), 0);
    const bars = (row) => series.map(({ value, colour }) => cellBar(value(row), greatest, colour));
    columns.push({ name: 'Bars', kind: 'bars', node: (row) => el('div', {}, ...bars(rows[row])) });
  }
  const caption = isLong
    ? `The ${charted.length} of ${rows.length} classes that changed most. The table has all of them.`
    : `${shown} of each class.`;
  section(
    'classes',
    'Classes',
    chart ? el('figure', {}, el('figcaption', {}, caption), chart) : null,
    dataTable({
      name: `${shown} of each class, ${unitText(unit)}`,
      count: rows.length,
      columns,
      pageSize: 250,
      search: isLong ? (row) => rows[row].name : null,
    }),
  );
}
