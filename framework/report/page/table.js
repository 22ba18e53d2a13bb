// A table that is sorted, filtered and shown page by page, so that its length does not matter.
//   columns: {name, number, value(row), text(row), node(row)}; `text` and `node` are optional
//   groups:  [name, test(row)] of rows that can be shown alone
function dataTable({
  name,
  columns,
  count,
  pageSize = 50,
  sort = null,
  search = null,
  groups = [],
}) {
  let order = [];
  let page = 0;
  let sorted = sort || { column: -1, descending: false };
  let wanted = '';
  let group = groups.length ? groups[0][1] : null;

  const body = el('tbody');
  const status = el('span', { role: 'status' });
  const previous = el('button', { type: 'button', onclick: () => turn(-1) }, 'Previous');
  const next = el('button', { type: 'button', onclick: () => turn(1) }, 'Next');
  const headers = columns.map((column, index) =>
    el(
      'th',
      { scope: 'col', class: column.number ? 'number' : null },
      column.value
        ? el('button', { type: 'button', onclick: () => sortBy(index) }, column.name)
        : column.name,
    ),
  );
  const table = el(
    'table',
    {},
    el('caption', { class: 'hidden' }, name),
    el('thead', {}, el('tr', {}, ...headers)),
    body,
  );

  function value(column, row) {
    return columns[column].value(row);
  }

  // Rows without a value come last in both directions.
  function compare(a, b) {
    const x = value(sorted.column, a);
    const y = value(sorted.column, b);
    const missing = (x === null || x === undefined) - (y === null || y === undefined);
    if (missing) return missing;
    const way = x < y ? -1 : x > y ? 1 : 0;
    return (sorted.descending ? -way : way) || a - b;
  }

  function choose() {
    order = [];
    for (let row = 0; row < count; ++row) {
      if (group && !group(row)) continue;
      if (wanted && !search(row).toLowerCase().includes(wanted)) continue;
      order.push(row);
    }
    if (sorted.column >= 0) order.sort(compare);
    page = 0;
    show();
  }

  function sortBy(column) {
    const again = sorted.column === column;
    sorted = { column, descending: again ? !sorted.descending : columns[column].number === true };
    choose();
  }

  function turn(step) {
    page += step;
    show();
  }

  function cell(column, row) {
    const { text, node, number, heading, kind } = columns[column];
    const content = node ? node(row) : text ? text(row) : String(columns[column].value(row) ?? '-');
    if (heading) return el('th', { scope: 'row' }, content);
    return el('td', { class: kind || (number ? 'number' : 'text') }, content);
  }

  function show() {
    const first = page * pageSize;
    const rows = order.slice(first, first + pageSize);
    body.replaceChildren(
      ...rows.map((row) => el('tr', {}, ...columns.map((_, column) => cell(column, row)))),
    );
    headers.forEach((header, index) => {
      if (index === sorted.column) {
        header.setAttribute('aria-sort', sorted.descending ? 'descending' : 'ascending');
      } else {
        header.removeAttribute('aria-sort');
      }
    });
    const filtered = order.length < count ? ` (of ${count.toLocaleString('en')})` : '';
    const last = first + rows.length;
    status.textContent =
      order.length === 0
        ? `No rows${filtered}`
        : order.length > pageSize
          ? `Rows ${(first + 1).toLocaleString('en')} to ${last.toLocaleString('en')} of ` +
            `${order.length.toLocaleString('en')}${filtered}`
          : `${counted(order.length, 'row')}${filtered}`;
    previous.disabled = page === 0;
    next.disabled = last >= order.length;
    const paged = order.length > pageSize || page > 0;
    previous.hidden = next.hidden = !paged;
  }

  const tools = el('div', { class: 'tools' });
  if (search) {
    tools.append(
      labelled(
        'Search',
        el('input', {
          type: 'search',
          oninput: (event) => {
            wanted = event.target.value.trim().toLowerCase();
            choose();
          },
        }),
      ),
    );
  }
  if (groups.length > 1) {
    tools.append(
      labelled(
        'Show',
        choice(
          groups.map(([text], i) => [String(i), text]),
          '0',
          (index) => {
            group = groups[index][1];
            choose();
          },
        ),
      ),
    );
  }
  if (search || groups.length > 1 || count > pageSize) tools.append(previous, next, status);
  choose();
  return el('div', {}, tools, scrolled(name, table));
}
