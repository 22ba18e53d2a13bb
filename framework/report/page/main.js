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

main.replaceChildren();
showHeadline();
showClasses();
showGains();
showSweeps();
showPublished();
showPanels();
showCauses();
showImages();
showFailures();
showNumbers();
showPipeline();
showContents();
showFooter();
watchTheme();
drawCharts();
