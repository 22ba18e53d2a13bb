// A table that is sorted, filtered and shown page by page, so that its length does not matter.
class DataTable {
  // columns: {name, number, heading, kind, value(row), text(row), node(row)}, of which most are
  // optional; groups: [name, test(row)] of rows that can be shown alone; search(row): the text that
  // is searched
  constructor({ name, columns, count, pageSize = 50, sort = null, search = null, groups = [] }) {
    Object.assign(this, { columns, count, pageSize, search, groups });
    this.sorted = sort || { column: -1, descending: false };
    this.wanted = '';
    this.group = groups.length > 0 ? groups[0][1] : null;
    this.body = el('tbody');
    this.status = el('span', { role: 'status' });
    this.previous = el('button', { type: 'button', onclick: () => this.turn(-1) }, 'Previous');
    this.next = el('button', { type: 'button', onclick: () => this.turn(1) }, 'Next');
    this.headers = columns.map((column, index) => this.header(column, index));
    const head = el('thead', {}, el('tr', {}, ...this.headers));
    const table = el('table', {}, el('caption', { class: 'hidden' }, name), head, this.body);
    this.element = el('div', {}, this.tools(), scrolled(name, table));
    this.choose();
  }

  header({ name, number, value }, index) {
    const sort = () => this.sortBy(index);
    const content = value ? el('button', { type: 'button', onclick: sort }, name) : name;
    return el('th', { scope: 'col', class: number ? 'number' : null }, content);
  }

  tools() {
    const tools = el('div', { class: 'tools' });
    const { search, groups, count, pageSize } = this;
    if (search) {
      const input = el('input', { type: 'search' });
      input.addEventListener('input', () => {
        this.wanted = input.value.trim().toLowerCase();
        this.choose();
      });
      tools.append(labelled('Search', input));
    }
    if (groups.length > 1) {
      const names = groups.map(([text], i) => [String(i), text]);
      const show = (index) => {
        this.group = groups[index][1];
        this.choose();
      };
      tools.append(labelled('Show', choice(names, '0', show)));
    }
    if (search || groups.length > 1 || count > pageSize) {
      tools.append(this.previous, this.next, this.status);
    }
    return tools;
  }

  // Rows without a value come last in both directions.
  compare(a, b) {
    const { column, descending } = this.sorted;
    const [x, y] = [a, b].map((row) => this.columns[column].value(row) ?? null);
    if (x === null || y === null) return (x === null) - (y === null) || a - b;
    const way = x < y ? -1 : x > y ? 1 : 0;
    return (descending ? -way : way) || a - b;
  }

  choose() {
    const { group, wanted, search } = this;
    this.order = [];
    for (let row = 0; row < this.count; ++row) {
      if (group && !group(row)) continue;
      if (wanted && !search(row).toLowerCase().includes(wanted)) continue;
      this.order.push(row);
    }
    if (this.sorted.column >= 0) this.order.sort((a, b) => this.compare(a, b));
    this.page = 0;
    this.show();
  }

  sortBy(column) {
    const again = this.sorted.column === column;
    const descending = again ? !this.sorted.descending : this.columns[column].number === true;
    this.sorted = { column, descending };
    this.choose();
  }

  turn(step) {
    this.page += step;
    this.show();
  }

  cell({ text, node, number, heading, kind, value }, row) {
    const content = node ? node(row) : text ? text(row) : String(value(row) ?? '-');
    if (heading) return el('th', { scope: 'row' }, content);
    return el('td', { class: kind || (number ? 'number' : 'text') }, content);
  }

  show() {
    const first = this.page * this.pageSize;
    const rows = this.order.slice(first, first + this.pageSize);
    const cells = (row) => this.columns.map((column) => this.cell(column, row));
    this.body.replaceChildren(...rows.map((row) => el('tr', {}, ...cells(row))));
    this.headers.forEach((header, index) => {
      header.removeAttribute('aria-sort');
      if (index !== this.sorted.column) return;
      header.setAttribute('aria-sort', this.sorted.descending ? 'descending' : 'ascending');
    });
    this.status.textContent = this.statusText(first, first + rows.length);
    this.previous.disabled = this.page === 0;
    this.next.disabled = first + rows.length >= this.order.length;
    this.previous.hidden = this.next.hidden = this.order.length <= this.pageSize;
  }

  statusText(first, last) {
    const shown = this.order.length;
    const all = shown < this.count ? ` (of ${this.count.toLocaleString('en')})` : '';
    if (shown === 0) return `No rows${all}`;
    if (shown <= this.pageSize) return counted(shown, 'row') + all;
    const [from, to, of] = [first + 1, last, shown].map((each) => each.toLocaleString('en'));
    return `Rows ${from} to ${to} of ${of}${all}`;
  }
}

const dataTable = (description) => new DataTable(description).element;
