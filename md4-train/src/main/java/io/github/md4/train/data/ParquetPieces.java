// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import blue.strategic.parquet.Hydrator;
import blue.strategic.parquet.ParquetReader;
import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The pieces of a Parquet file: one document for each row, a column of strings. Row groups are read
 * one at a time.
 */
final class ParquetPieces implements Pieces {
  private final Path file;
  private final String column;
  private final ParquetReader<List<String>, String, String[]> rows;

  /**
   * Opens a file.
   *
   * @throws InvalidDataException if there is no such file or column, or the file is not Parquet
   */
  ParquetPieces(Path file, String column) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new InvalidDataException(file, "no such file");
    }
    this.file = file;
    this.column = column;
    checkColumn();
    this.rows = ParquetReader.spliterator(file.toFile(), new OneColumn(column));
  }

  private void checkColumn() throws IOException {
    List<String> columns;
    try {
      columns =
          ParquetReader.readMetadata(file.toFile())
              .getFileMetaData()
              .getSchema()
              .getColumns()
              .stream()
              .map(each -> String.join(".", each.getPath()))
              .toList();
    } catch (RuntimeException e) {
      throw new InvalidDataException(file, "no Parquet file: " + e.getMessage(), e);
    }
    if (!columns.contains(column)) {
      throw new InvalidDataException(
          file, "has no column \"%s\", but %s; name one of them".formatted(column, columns));
    }
  }

  /** The receiver of one column of each row. */
  private record OneColumn(String column) implements Hydrator<List<String>, String, String[]> {
    @Override
    public List<String> start() {
      return new ArrayList<>();
    }

    @Override
    public List<String> add(List<String> row, String[] path, Object value) {
      if (Arrays.equals(path, column.split("\\."))) {
        row.add(String.valueOf(value));
      }
      return row;
    }

    @Override
    public String finish(List<String> row) {
      return row.isEmpty() ? "" : row.get(0);
    }
  }

  @Override
  public Optional<Piece> next() throws IOException {
    List<String> row = new ArrayList<>();
    try {
      boolean isAny = rows.tryAdvance(row::add);
      return isAny ? Optional.of(new Piece(row.get(0), true)) : Optional.empty();
    } catch (RuntimeException e) {
      throw new InvalidDataException(
          file,
          "is damaged, or compressed in an unknown way (" + e.getMessage() + "); copy it again",
          e);
    }
  }

  @Override
  public void close() throws IOException {
    rows.close();
  }
}
