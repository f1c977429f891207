// The tables of the index, which Great Expectations draws with the plugin bootstrap-table: rows, links and one filter.
$.fn.bootstrapTable = function (options) {
  if (typeof options === "string") return this; // clearFilterControl and resetSearch: see the filter
  const table = this.addClass("table table-hover").empty();
  const head = $("<tr>").appendTo($("<thead>").appendTo(table));
  const body = $("<tbody>").appendTo(table);
  for (const column of options.columns) head.append($("<th>").text(column.title));
  for (const row of options.data) {
    const line = $("<tr>").appendTo(body);
    for (const column of options.columns) line.append($("<td>").html(row[column.field]));
    if (row._validation_success_text) line.children().first().append(" ", row._validation_success_text);
    if (row._table_row_link_path) {
      line.css("cursor", "pointer").data("href", row._table_row_link_path);
      line.on("click", () => table.trigger("click-row.bs.table", [row, line]));
    }
  }
  const filter = $('<input class="form-control offline-filter" placeholder="Show rows with …">');
  filter.on("input", () => {
    const wanted = filter.val().toLowerCase();
    body.children().each((_, line) => $(line).toggle($(line).text().toLowerCase().includes(wanted)));
  });
  $(options.toolbar).empty().append(filter);
  return table;
};
