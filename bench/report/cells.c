/* Writes with libxlsxwriter, in its constant_memory mode, the cells that BenchmarkWorkbook of internal/report writes: a header, then rows of
 * twelve columns, six texts, two words with a colour, two numbers and two dates. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <xlsxwriter.h>

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: cells FILE ROWS\n");
    return 2;
  }
  long rows = atol(argv[2]);
  lxw_workbook_options options = {.constant_memory = LXW_TRUE};
  lxw_workbook *book = workbook_new_opt(argv[1], &options);
  lxw_worksheet *sheet = workbook_add_worksheet(book, NULL);
  lxw_format *plain = workbook_add_format(book), *date = workbook_add_format(book), *high = workbook_add_format(book), *good = workbook_add_format(book);
  lxw_format *all[] = {plain, date, high, good};
  for (int i = 0; i < 4; i++) {
    format_set_align(all[i], LXW_ALIGN_VERTICAL_TOP);
    format_set_align(all[i], LXW_ALIGN_LEFT);
    format_set_text_wrap(all[i]);
  }
  format_set_num_format(date, "yyyy-mm-dd hh:mm:ss");
  format_set_bg_color(high, 0xFFC7CE);
  format_set_bg_color(good, 0xD9EAD3);
  char text[200];
  for (lxw_col_t column = 0; column < 12; column++) {
    snprintf(text, sizeof text, "Column %d", column + 1);
    worksheet_write_string(sheet, 0, column, text, plain);
  }
  for (long i = 0; i < rows; i++) {
    lxw_row_t row = (lxw_row_t)(i % 1000000) + 1;
    if (i > 0 && row == 1) {
      sheet = workbook_add_worksheet(book, NULL);
    }
    worksheet_set_row(sheet, row, 15, NULL);
    snprintf(text, sizeof text, "%08lx-0000-4000-8000-%012lx", i, i);
    worksheet_write_string(sheet, row, 0, text, plain);
    snprintf(text, sizeof text, "Okta production %07ld", i);
    worksheet_write_string(sheet, row, 1, text, plain);
    worksheet_write_string(sheet, row, 2, "Acme Holding", plain);
    worksheet_write_string(sheet, row, 3, "high", high);
    worksheet_write_string(sheet, row, 4, "pass", good);
    worksheet_write_number(sheet, row, 5, (double)i, plain);
    worksheet_write_number(sheet, row, 6, (double)(i % 365), plain);
    worksheet_write_unixtime(sheet, row, 7, 1767322800 + i, date);
    worksheet_write_unixtime(sheet, row, 8, 1798858800 - i, date);
    snprintf(text, sizeof text, "The configuration is enabled and its token expires %ld days after it", i % 365);
    worksheet_write_string(sheet, row, 9, text, plain);
    snprintf(text, sizeof text, "https://idp.example/tenant/%ld/scim", i % 97);
    worksheet_write_string(sheet, row, 10, text, plain);
    worksheet_write_string(sheet, row, 11, "{\"enabled\":true,\"name\":\"<a> & b\"}", plain);
  }
  return workbook_close(book);
}
