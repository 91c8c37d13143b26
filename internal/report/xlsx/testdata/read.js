// Reads a workbook with ExcelJS and with SheetJS and prints what each found as JSON: for each sheet its rows as [type, text].
const ExcelJS = require("exceljs");
const SheetJS = require("xlsx");

const cell = (value) => {
  if (value === null || value === undefined || value === "") return null;
  if (value instanceof Date) {
    const date = new Date(Math.round(value.getTime() / 1000) * 1000);
    return ["date", date.toISOString().slice(0, 19).replace("T", " ")];
  }
  if (typeof value === "number") return ["number", String(value)];
  return ["text", typeof value === "object" ? value.text : value];
};

// ECMA-376 Part 1, 22.9.2.19: ExcelJS leaves the escape of an underscore to its caller.
const unescape = (found) => found && [found[0], found[1].replace(/_x005F_/g, "_")];

async function main(path) {
  const exceljs = {}, sheetjs = {};
  const book = new ExcelJS.Workbook();
  await book.xlsx.readFile(path);
  for (const sheet of book.worksheets) {
    const rows = [];
    sheet.eachRow({ includeEmpty: true }, (row, number) => {
      while (rows.length < number - 1) rows.push([]);
      rows.push(Array.from(row.values, cell).slice(1).map(unescape));
    });
    exceljs[sheet.name] = { rows };
  }
  const other = SheetJS.readFile(path, { cellDates: true, UTC: true });
  for (const name of other.SheetNames) {
    const options = { header: 1, raw: true, defval: null, UTC: true, blankrows: true };
    sheetjs[name] = { rows: SheetJS.utils.sheet_to_json(other.Sheets[name], options).map((row) => row.map(cell)) };
  }
  process.stdout.write(JSON.stringify({ exceljs, sheetjs }));
}
main(process.argv[2]);
