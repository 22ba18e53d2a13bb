// Pictures of images: two label maps over the image, with a wipe between them.
const kImageOnly = 'image only';

// Label maps are tinted, to lie over an image. Where there is none, three of them make full colours.
function layerNode(png, side, alt) {
  return el(
    'div',
    { class: `layer ${side}` },
    ...[alt, '', ''].map((text) => el('img', { src: png, alt: text })),
  );
}

// Two layers over the image. A range input covers it, so it is wiped by mouse, finger and keyboard.
function wipe(panel, sides) {
  const shape = `aspect-ratio: ${panel.width} / ${panel.height}; width: min(100%, calc(var(--tall) * ${panel.width / panel.height}))`;
  const frame = el('div', {
    class: `wipe${panel.image ? '' : ' plain'}${panel.width < 250 ? ' small' : ''}`,
    style: `${shape}; --cut: 50%`,
  });
  const layer = (name) => panel.layers.find((each) => each.name === name);
  const photograph = panel.image ? el('img', { src: panel.image, alt: '' }) : null;
  const range = el('input', { type: 'range', min: 0, max: 100, value: 50, step: 1 });
  const describe = () => {
    const share = Number(range.value);
    range.setAttribute('aria-valuetext', `${share} % ${sides[0]}, ${100 - share} % ${sides[1]}`);
    frame.style.setProperty('--cut', `${share}%`);
  };
  const show = () => {
    range.setAttribute('aria-label', `${panel.id}: wipe from ${sides[0]} to ${sides[1]}`);
    const pictures = ['left', 'right'].map(
      (side, i) =>
        layer(sides[i]) && layerNode(layer(sides[i]).png, side, `${sides[i]} of ${panel.id}`),
    );
    frame.replaceChildren(
      ...[photograph, ...pictures].filter(Boolean),
      el('div', { class: 'line' }),
      el('span', { class: 'side first', 'aria-hidden': 'true' }, sides[0]),
      el('span', { class: 'side second', 'aria-hidden': 'true' }, sides[1]),
      range,
    );
    describe();
  };
  range.addEventListener('input', describe);
  show();
  return { frame, photograph, show };
}

// For paper: the same pictures side by side.
function stills(panel) {
  const still = (name, png) =>
    el(
      'figure',
      {},
      el(
        'div',
        {
          class: panel.image ? 'still' : 'still plain',
          style: `aspect-ratio: ${panel.width} / ${panel.height}`,
        },
        panel.image ? el('img', { src: panel.image, alt: '' }) : null,
        png ? layerNode(png, '', '') : null,
      ),
      el('figcaption', {}, name),
    );
  return el(
    'div',
    { class: 'stills', 'aria-hidden': 'true' },
    panel.image ? still('image', null) : null,
    ...panel.layers.map(({ name, png }) => still(name, png)),
  );
}

function legend(panel) {
  return el(
    'ul',
    { class: 'legend' },
    ...list(panel.legend).map(([id, name, colour]) => {
      const swatch = el('span', { class: 'swatch' });
      swatch.style.background = `rgb(${colour.join(', ')})`;
      return el('li', {}, swatch, `${id} ${name}`);
    }),
  );
}

function panelScores(panel) {
  return runs.map((run) => {
    const table = imageColumns(run);
    const place = table ? table.names.indexOf(panel.id) : -1;
    if (place < 0) return null;
    const after = numberText(table.after[place], table.unit);
    const causes = causesText(run, panel.id);
    const parts = table.before
      ? [
          withLetter(
            run,
            `${table.name} ${numberText(table.before[place], table.unit)} to ${after}, `,
          ),
          gainNode(table.gain[place], table.unit, table.less),
        ]
      : [withLetter(run, `${table.name} ${after}`)];
    return el('p', { class: 'note' }, ...parts, causes ? `; ${causes}` : null);
  });
}

function panelBody(panel) {
  if (panel.missing) {
    return [
      el(
        'div',
        {
          class: 'placeholder',
          style: panel.width ? `aspect-ratio: ${panel.width} / ${panel.height}` : null,
        },
        `No picture of ${panel.id}: ${panel.missing}`,
      ),
      ...panelScores(panel),
    ];
  }
  const names = panel.layers.map((layer) => layer.name);
  const options = [...names, ...(panel.image ? [kImageOnly] : [])].map((name) => [name, name]);
  const last = names.length > 1 || !panel.image ? names[names.length - 1] : kImageOnly;
  const side = (wanted, other) => (names.includes(wanted) ? wanted : other);
  const sides = [side(panel.left, names[0]), side(panel.right, last)];
  const { frame, photograph, show } = wipe(panel, sides);
  const pick = (side) =>
    choice(options, sides[side], (name) => {
      sides[side] = name;
      show();
    });
  const tools = el(
    'div',
    { class: 'tools' },
    labelled('Left', pick(0)),
    labelled('Right', pick(1)),
  );
  if (photograph) {
    const check = el('input', {
      type: 'checkbox',
      checked: true,
      onchange: () => {
        photograph.hidden = !check.checked;
        frame.classList.toggle('plain', !check.checked);
      },
    });
    tools.append(labelled('Image', check));
  }
  return [
    frame,
    stills(panel),
    tools,
    legend(panel),
    ...panelScores(panel),
    ...list(panel.notes).map((note) => el('p', { class: 'note' }, note)),
  ];
}

function panelCard(panel) {
  return el('div', { class: 'panel' }, el('h4', {}, panel.id), ...panelBody(panel));
}

function openPanel(panel) {
  const dialog = document.getElementById('dialog');
  dialog.replaceChildren(
    el(
      'div',
      { class: 'top' },
      el('h2', { id: 'dialog-title', style: 'padding: 0; margin: 0' }, panel.id),
      el('button', { type: 'button', onclick: () => dialog.close() }, 'Close'),
    ),
    el('div', { class: 'panel' }, ...panelBody(panel)),
  );
  dialog.showModal();
}

function showPanels() {
  const panels = list(data.panels);
  const kinds = [
    ['worst', 'Worst'],
    ['best', 'Best'],
    ['random', 'Random'],
    ['changed', 'Changed most between the runs'],
  ];
  const groups = kinds.map(([kind, title]) => {
    const some = panels.filter((panel) => panel.why.includes(kind));
    some.sort((a, b) => a.rank[kind] - b.rank[kind]);
    return some.length === 0
      ? null
      : el('div', {}, el('h3', {}, title), el('div', { class: 'panels' }, ...some.map(panelCard)));
  });
  if (panels.length === 0) return;
  section(
    'pictures',
    'Pictures',
    el(
      'p',
      { class: 'note' },
      'Move the line in a picture with the mouse, a finger or the arrow keys. ' +
        'Best and worst are by the gain of an image, or by its score where there is no baseline. ' +
        'Random images are the same ones in every report.',
    ),
    ...list(data.notes).map((text) => el('p', { class: 'note' }, text)),
    ...groups,
  );
}
