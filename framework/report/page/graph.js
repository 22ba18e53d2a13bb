// The graph of a pipeline as a drawing: stages in columns, data from left to right.

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

const kGraph = { box: 46, slot: 17, gap: 22, lane: 12, letter: 6.4, margin: 12 };

// The inputs of all stages: {from, to, slot, label}.
function wiresOf(stages) {
  const index = new Map(stages.map((stage, i) => [stage.name, i]));
  return stages.flatMap((stage, to) =>
    stage.reads
      .filter(([, name]) => index.has(name))
      .map(([input, name, output], slot, all) => ({
        from: index.get(name),
        to,
        slot: slot - (all.length - 1) / 2,
        label: output && input && output !== input ? `${output} as ${input}` : output || input,
      })),
  );
}

// The column of each stage: right of all that it reads from.
function depthsOf(stages, wires) {
  const depth = stages.map(() => 0);
  for (let round = 0; round < stages.length; ++round) {
    for (const { from, to } of wires) {
      depth[to] = Math.max(depth[to], Math.min(depth[from] + 1, stages.length - 1));
    }
  }
  return depth;
}

// The columns with their items: stages, and the lanes of wires that pass a column. An item knows its
// neighbours in the columns before and after.
function columnsOf(stages, wires, depth) {
  const columns = Array.from({ length: Math.max(...depth) + 1 }, () => []);
  const boxes = stages.map((stage, i) => {
    const inputs = wires.filter(({ to }) => to === i).length;
    const item = {
      stage: i,
      height: Math.max(kGraph.box, inputs * kGraph.slot + 8),
      before: [],
      after: [],
      y: 0,
    };
    columns[depth[i]].push(item);
    return item;
  });
  const lanes = new Map();
  const connect = (a, b) => {
    a.after.push(b);
    b.before.push(a);
  };
  for (const { from, to } of wires) {
    const key = `${from} ${to}`;
    if (lanes.has(key)) continue;
    const chain = [];
    for (let column = depth[from] + 1; column < depth[to]; ++column) {
      const lane = { height: kGraph.lane, before: [], after: [], y: 0, column };
      columns[column].push(lane);
      chain.push(lane);
    }
    lanes.set(key, chain);
    [boxes[from], ...chain].forEach((item, i) => connect(item, chain[i] || boxes[to]));
  }
  return { columns, boxes, lanes };
}

const mean = (items, value) => items.reduce((sum, item) => sum + value(item), 0) / items.length;

// Orders each column by its neighbours, and moves the items towards them as far as there is room.
function placeItems(columns) {
  const order = (column, side) => {
    column.forEach((item, i) => {
      item.wish = item[side].length ? mean(item[side], (other) => other.place) : i;
    });
    column.sort((a, b) => a.wish - b.wish);
    column.forEach((item, i) => {
      item.place = i - (column.length - 1) / 2;
    });
  };
  columns.forEach((column) =>
    column.forEach((item, i) => {
      item.place = i - (column.length - 1) / 2;
    }),
  );
  for (let round = 0; round < 4; ++round) {
    columns.forEach((column) => order(column, 'before'));
    [...columns].reverse().forEach((column) => order(column, 'after'));
  }
  columns.forEach((column) => order(column, 'before'));
  columns.forEach((column) => {
    let bottom = -Infinity;
    for (const item of column) {
      item.wish = item.before.length ? mean(item.before, (other) => other.y) : 0;
      item.y = Math.max(item.wish, bottom + kGraph.gap + item.height / 2);
      bottom = item.y + item.height / 2;
    }
    const shift = mean(column, (item) => item.wish - item.y);
    for (const item of column) item.y += shift;
  });
}

// A curve through points that leaves and reaches each of them horizontally.
function curve(points) {
  return points
    .map(([x, y], i) => {
      if (i === 0) return `M${x} ${y}`;
      const [x0, y0] = points[i - 1];
      const half = (x - x0) / 2;
      return `C${x0 + half} ${y0} ${x - half} ${y} ${x} ${y}`;
    })
    .join(' ');
}

// Where the columns begin, with room for the names of inputs before each.
function columnPlaces(columns, wires, depth, width) {
  const places = [];
  columns.forEach((_, column) => {
    const letters = wires.filter(({ to }) => depth[to] === column).map(({ label }) => label.length);
    const room = column === 0 ? kGraph.margin : Math.max(...letters, 4) * kGraph.letter + 50;
    places.push(column === 0 ? room : places[column - 1] + width + room);
  });
  return places;
}

// A wire through its lanes, which ends before the name of the input.
function drawWire({ from, to, slot, label }, { x, width, depth, boxes, lanes }) {
  const end = [x[depth[to]] - 8, boxes[to].y + slot * kGraph.slot];
  const points = [[x[depth[from]] + width, boxes[from].y]];
  for (const lane of lanes.get(`${from} ${to}`)) {
    points.push([x[lane.column], lane.y], [x[lane.column] + width, lane.y]);
  }
  points.push([end[0] - label.length * kGraph.letter - 8, end[1]]);
  return [
    svg('path', { class: 'wire', d: `${curve(points)} H${end[0]}` }),
    svg('path', { class: 'tip', d: `M${end[0] + 8} ${end[1]} l-9 -4 v8 z` }),
  ];
}

function drawLabel({ to, slot, label }, { x, depth, boxes }) {
  const place = { x: x[depth[to]] - 12, y: boxes[to].y + slot * kGraph.slot - 4 };
  return svg('text', { class: 'wire-label', 'text-anchor': 'end', ...place }, label);
}

function drawStage(stage, i, { x, width, depth, boxes }, isVaried) {
  const { y, height, after } = boxes[i];
  const left = x[depth[i]];
  const isEnd = stage.reads.length === 0 || after.length === 0;
  const short = (text, count) => (text.length > count ? `${text.slice(0, count - 1)}\u2026` : text);
  const middle = { x: left + width / 2, 'text-anchor': 'middle' };
  const box = { x: left, y: y - height / 2, width, height, rx: isEnd ? 20 : 4 };
  return [
    svg('rect', { class: isVaried ? 'node varied' : 'node', ...box }),
    svg('text', { ...middle, y: y - 3 }, short(stage.name, 28)),
    svg('text', { ...middle, y: y + 14, class: 'use' }, short(stage.use, 34)),
  ];
}

// `varied`: the names of the stages that a sweep varies.
function graph(stages, varied) {
  const wires = wiresOf(stages);
  const depth = depthsOf(stages, wires);
  const { columns, boxes, lanes } = columnsOf(stages, wires, depth);
  placeItems(columns);
  const all = columns.flat();
  const top = Math.min(...all.map((item) => item.y - item.height / 2)) - kGraph.margin;
  const height = Math.max(...all.map((item) => item.y + item.height / 2)) + kGraph.margin - top;
  const letters = stages.map((stage) => Math.max(stage.name.length * 1.15, stage.use.length));
  const width = Math.min(Math.max(Math.max(...letters) * 6.6 + 24, 96), 240);
  const x = columnPlaces(columns, wires, depth, width);
  const layout = { x, width, depth, boxes, lanes };
  const full = x[x.length - 1] + width + kGraph.margin;
  return svg(
    'svg',
    {
      viewBox: `0 ${top} ${full} ${height}`,
      width: full,
      height,
      role: 'img',
      'aria-label': 'The graph of the pipeline; the table of stages has the same connections',
    },
    ...wires.flatMap((wire) => drawWire(wire, layout)),
    ...stages.flatMap((stage, i) => drawStage(stage, i, layout, varied.has(stage.name))),
    ...wires.map((wire) => drawLabel(wire, layout)),
  );
}
