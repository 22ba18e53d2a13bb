// Why pixels are wrong: the causes that eval.diagnose finds, and which classes are taken for each other.
const kCauses = {
  class_missing: 'the pseudo-label does not have the class',
  class_invented: 'the pseudo-label has a class that the image does not show',
  no_mask: 'no mask covers the pixels: SAM overlooked them',
  enveloping_mask: 'a large mask was kept though a smaller one fits',
  spanning_mask: 'the masks span several objects or classes',
  threshold: 't1 or t2 left out a mask that fits, or it speaks against its class',
  outvoted: 'other masks outvoted a mask that fits',
  overlap: 'another class got the pixels of a kept mask that fits',
  pseudo_label: 'the pseudo-label misled the choice of masks',
  other: 'none of these',
};
const causeName = (name) => name.replaceAll('_', ' ');

// The columns that are causes: those with a total in metrics.json, without the loss, which they add
// up to.
function causeColumns(run) {
  const totals = object(metricsOf(run)[run.causes.stage]);
  return run.causes.columns
    .map((name, i) => [name, i])
    .filter(([name]) => name !== 'loss' && isNumber(totals[name]));
}

// The greatest cause of an image, in words; null without one.
function mainCause(run, image) {
  const pixels = run.causes && run.causes.images[image];
  if (!pixels) return null;
  let best = null;
  for (const [name, i] of causeColumns(run)) {
    if (pixels[i] > 0 && (best === null || pixels[i] > pixels[best[1]])) best = [name, i];
  }
  return best && causeName(best[0]);
}

// All causes of an image, the greatest first: "12,345 pixels: spanning mask 12,000, threshold 345 (a
// mask is kept with t1 below 0.4)".
function causesText(run, image) {
  const pixels = run.causes && run.causes.images[image];
  if (!pixels) return null;
  const at = (name) => pixels[run.causes.columns.indexOf(name)];
  const parts = causeColumns(run)
    .filter(([, i]) => pixels[i] > 0)
    .sort(([, a], [, b]) => pixels[b] - pixels[a])
    .map(([name, i]) => `${causeName(name)} ${pixels[i].toLocaleString('en')}`);
  if (parts.length === 0) return 'no wrong pixels';
  const below = ['t1', 't2']
    .filter((name) => isNumber(at(`${name}_below`)))
    .map((name) => `${name} below ${at(`${name}_below`).toFixed(4)}`);
  return `wrong pixels: ${parts.join(', ')}${below.length ? `; a mask that fits is kept with ${below.join(' and ')}` : ''}`;
}

function causeTable(run) {
  const { causes } = run;
  const rows = causeColumns(run);
  const pixels = (row) => causes.totals[rows[row][1]];
  const total = rows.reduce((sum, [, i]) => sum + causes.totals[i], 0);
  const greatest = Math.max(...rows.map(([, i]) => causes.totals[i]));
  const share = (row) => (total > 0 ? `${((100 * pixels(row)) / total).toFixed(1)} %` : '-');
  return el(
    'div',
    {},
    el('p', {}, `${counted(total, 'wrong pixel')}, each with one cause (stage "${causes.stage}"):`),
    dataTable({
      name: `Causes of the loss in ${run.folder}`,
      count: rows.length,
      sort: { column: 2, descending: true },
      columns: [
        { name: 'Cause', heading: true, value: (row) => causeName(rows[row][0]) },
        { name: 'Meaning', value: (row) => kCauses[rows[row][0]] || '-' },
        {
          name: 'Pixels',
          number: true,
          value: pixels,
          text: (row) => pixels(row).toLocaleString('en'),
        },
        { name: 'Share', number: true, value: pixels, text: share },
        { name: 'Bar', kind: 'bars', node: (row) => cellBar(pixels(row), greatest, '--worse') },
      ],
    }),
  );
}

// The pairs of classes in a confusion matrix: {truth, label, pixels: [before, after]}.
function confusionsOf(run) {
  const entry = run.score ? object(metricsOf(run)[run.score.stage]) : {};
  const names = new Map(list(entry.classes).map((each) => [String(each.id), each.name]));
  const pairs = new Map();
  [object(entry.baseline).confusion, entry.confusion].forEach((matrix, side) => {
    for (const truth of list(matrix).map(object)) {
      for (const [id, pixels] of Object.entries(object(truth.predicted))) {
        if (id === String(truth.id) || !isNumber(pixels)) continue;
        const key = `${truth.id} ${id}`;
        if (!pairs.has(key)) {
          pairs.set(key, { truth: truth.name, label: names.get(id) || id, pixels: [0, 0] });
        }
        pairs.get(key).pixels[side] = pixels;
      }
    }
  });
  return {
    pairs: [...pairs.values()],
    hasBefore: list(object(entry.baseline).confusion).length > 0,
  };
}

function confusionTable(run) {
  const { pairs, hasBefore } = confusionsOf(run);
  if (pairs.length === 0) return null;
  const pixels = (side) => ({
    number: true,
    value: (row) => pairs[row].pixels[side],
    text: (row) => pairs[row].pixels[side].toLocaleString('en'),
  });
  return el(
    'div',
    {},
    el('h3', {}, withLetter(run, several ? 'confused classes' : 'Confused classes')),
    dataTable({
      name: `Confused classes in ${run.folder}`,
      count: pairs.length,
      pageSize: 10,
      sort: { column: hasBefore ? 3 : 2, descending: true },
      search: (row) => `${pairs[row].truth} ${pairs[row].label}`,
      columns: [
        { name: 'Ground truth', heading: true, value: (row) => pairs[row].truth },
        { name: 'Label', value: (row) => pairs[row].label },
        ...(hasBefore ? [{ name: 'Pixels before', ...pixels(0) }] : []),
        { name: hasBefore ? 'Pixels after' : 'Pixels', ...pixels(1) },
      ],
    }),
  );
}

function showCauses() {
  const content = runs.map((run) =>
    run.causes
      ? el('div', {}, several ? el('h3', {}, `${run.letter} ${run.folder}`) : null, causeTable(run))
      : null,
  );
  const without = runs.filter((run) => !run.causes);
  if (without.length > 0) {
    content.push(
      el(
        'p',
        {},
        several ? `${without.map((run) => run.letter).join(', ')}: ` : '',
        'The causes of wrong pixels are unknown. To get them, add a stage with ',
        el('code', {}, 'use = "eval.diagnose"'),
        ' to the pipeline and run it again with ',
        el('code', {}, '--resume'),
        '.',
      ),
    );
  }
  section('causes', 'Causes of wrong pixels', ...content, ...runs.map(confusionTable));
}
