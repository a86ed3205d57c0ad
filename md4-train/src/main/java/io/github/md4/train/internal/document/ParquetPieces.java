// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.document;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.train.data.TextDefects;
import io.github.md4.train.internal.corpus.InnerMarks;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ColumnPath;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.io.api.Binary;

/**
 * The pieces of a Parquet file: one document for each row, a column of texts. Row groups are read
 * one at a time. Rows whose text is null are left out.
 */
public final class ParquetPieces implements Pieces {
  private static final String DAMAGED =
      "is damaged, or compressed in an unknown way; copy it again";

  private final Path file;
  private final ParquetFileReader reader;
  private final ParquetTextColumn column;
  private final InnerMarks marks = new InnerMarks();
  private ColumnReader values;
  private long rowsLeft; // of the row group
  private long row;
  private long missing;

  private ParquetPieces(Path file, ParquetFileReader reader, ParquetTextColumn column) {
    this.file = file;
    this.reader = reader;
    this.column = column;
  }

  /**
   * Opens a file.
   *
   * @throws InvalidDataException if there is no such file or column, or the file is not Parquet
   */
  public static ParquetPieces open(Path file, String column) throws IOException {
    new UntrustedFile(file).checkExists("");
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration())
            .withCodecFactory(new ParquetCodecs())
            .build();
    return guarded(
        file,
        "no Parquet file",
        () -> {
          ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(file), options);
          try {
            ParquetTextColumn chosen =
                ParquetTextColumn.of(file, reader.getFileMetaData().getSchema(), column);
            checkPlaces(file, reader);
            checkPages(file, reader, chosen);
            reader.setRequestedSchema(chosen.schema());
            return new ParquetPieces(file, reader, chosen);
          } catch (IOException | RuntimeException e) {
            reader.close();
            throw e;
          }
        });
  }

  /** A row group is read into memory as long as the file says, so it must lie in the file. */
  private static void checkPlaces(Path file, ParquetFileReader reader) throws IOException {
    long size = Files.size(file);
    for (BlockMetaData block : reader.getRowGroups()) {
      for (ColumnChunkMetaData chunk : block.getColumns()) {
        long start = chunk.getStartingPos();
        if (start < 0 || chunk.getTotalSize() < 0 || chunk.getTotalSize() > size - start) {
          throw new InvalidDataException(file, "is cut short or damaged; copy it again");
        }
      }
    }
  }

  /**
   * A page is read into memory as long as its header says, so the headers are read first: each page
   * must lie in its chunk.
   */
  private static void checkPages(Path file, ParquetFileReader reader, ParquetTextColumn column)
      throws IOException {
    ColumnPath path = ColumnPath.get(column.descriptor().getPath());
    try (SeekableInputStream in = new LocalInputFile(file).newStream()) {
      for (BlockMetaData block : reader.getRowGroups()) {
        for (ColumnChunkMetaData chunk : block.getColumns()) {
          if (chunk.getPath().equals(path)) {
            checkPages(file, in, chunk);
          }
        }
      }
    }
  }

  private static void checkPages(Path file, SeekableInputStream in, ColumnChunkMetaData chunk)
      throws IOException {
    long end = chunk.getStartingPos() + chunk.getTotalSize();
    in.seek(chunk.getStartingPos());
    for (long values = 0; values < chunk.getValueCount() && in.getPos() < end; ) {
      PageHeader header = Util.readPageHeader(in);
      int size = header.getCompressed_page_size();
      if (size < 0 || size > end - in.getPos()) {
        throw new InvalidDataException(
            file, "has a page of %d bytes beyond its column; copy it again".formatted(size));
      }
      values += values(header);
      in.seek(in.getPos() + size);
    }
  }

  private static long values(PageHeader header) {
    if (header.isSetData_page_header()) {
      return Math.max(0, header.getData_page_header().getNum_values());
    }
    return header.isSetData_page_header_v2()
        ? Math.max(0, header.getData_page_header_v2().getNum_values())
        : 0;
  }

  /** Every failure of the library that is no failure of input is a damage of the file. */
  private static <T> T guarded(Path file, String what, UntrustedFile.Reading<T> reading)
      throws IOException {
    try {
      return new UntrustedFile(file).read(what, reading);
    } catch (LinkageError e) {
      throw new UntrustedFile(file).refused(what, e);
    } catch (IOException e) {
      throw new InvalidDataException(file, what + " (" + e.getMessage() + ")", e);
    }
  }

  @Override
  public Optional<Piece> next() throws IOException {
    Optional<String> text = guarded(file, DAMAGED, this::nextText);
    text.ifPresent(marks::add);
    return text.map(whole -> new Piece(whole, true));
  }

  private Optional<String> nextText() throws IOException {
    while (rowsLeft > 0 || nextGroup()) {
      rowsLeft--;
      row++;
      boolean isNull =
          values.getCurrentDefinitionLevel() < column.descriptor().getMaxDefinitionLevel();
      Optional<String> text = isNull ? Optional.empty() : Optional.of(text(values.getBinary()));
      values.consume();
      if (text.isPresent()) {
        return text;
      }
      missing++;
    }
    return Optional.empty();
  }

  @SuppressWarnings("deprecation") // the count of values, which nothing else tells
  private boolean nextGroup() throws IOException {
    PageReadStore pages = reader.readNextRowGroup();
    if (pages == null) {
      return false;
    }
    ColumnDescriptor descriptor = column.descriptor();
    values =
        new ColumnReadStoreImpl(
                pages, column.converter(), column.schema(), reader.getFileMetaData().getCreatedBy())
            .getColumnReader(descriptor);
    if (values.getTotalValueCount() != pages.getRowCount()) {
      throw new InvalidDataException(
          file,
          "has %s in a group of %s; copy it again"
              .formatted(
                  Counted.of(values.getTotalValueCount(), "text"),
                  Counted.of(pages.getRowCount(), "row")));
    }
    rowsLeft = pages.getRowCount();
    return rowsLeft > 0 || nextGroup();
  }

  private String text(Binary bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.toByteBuffer()).toString();
    } catch (CharacterCodingException e) {
      throw new InvalidDataException(
          file, "row %d of column \"%s\" is not UTF-8".formatted(row, column.name()), e);
    }
  }

  @Override
  public TextDefects defects() {
    return new TextDefects(missing, 0);
  }

  @Override
  public List<String> notes() {
    return marks.notes();
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
