// The sections of the page, in order.
function showContents() {
  document
    .getElementById('contents')
    .append(
      el(
        'ul',
        {},
        ...sections.map(([id, title]) => el('li', {}, el('a', { href: `#${id}` }, title))),
      ),
    );
}

function showFooter() {
  document
    .getElementById('footer')
    .append(
      el(
        'p',
        { class: 'note' },
        `Written by seplflow ${data.version}. ` +
          (hasCharts ? `Charts by Chart.js ${Chart.version}.` : ''),
      ),
    );
}

// A run that is damaged in a way that nobody thought of costs one section, and the page says so.
function attempt(show) {
  try {
    show();
  } catch (error) {
    main.append(el('p', { class: 'missing' }, `A section cannot be shown: ${error.message}`));
    console.error(error);
  }
}

main.replaceChildren();
[
  showHeadline,
  showClasses,
  showGains,
  showSweeps,
  showPublished,
  showPanels,
  showCauses,
  showImages,
  showFailures,
  showNumbers,
  showPipeline,
].forEach(attempt);
showContents();
showFooter();
watchTheme();
drawCharts();
