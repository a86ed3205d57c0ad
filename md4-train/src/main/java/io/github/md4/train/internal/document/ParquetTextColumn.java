// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.document;

import io.github.md4.core.InvalidDataException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;

/**
 * A column of a Parquet file with at most one text in each row.
 *
 * @param schema the file's schema without all other columns
 * @param descriptor the column in it
 */
record ParquetTextColumn(String name, MessageType schema, ColumnDescriptor descriptor) {

  /**
   * Returns the column of that name: a column, or columns within columns with dots between them.
   *
   * @throws InvalidDataException if there is none or it holds no texts; the message names those
   *     that do
   */
  static ParquetTextColumn of(Path file, MessageType schema, String name) {
    List<ColumnDescriptor> columns = schema.getColumns();
    ColumnDescriptor column =
        columns.stream()
            .filter(each -> name(each).equals(name))
            .min(Comparator.comparingInt(each -> each.getPath().length))
            .orElseThrow(
                () -> refused(file, columns, "has no column \"%s\"".formatted(name), name));
    if (!isText(column)) {
      String reason = "column \"%s\" is %s".formatted(name, kind(column));
      throw refused(file, columns, reason, "");
    }
    MessageType own = new MessageType(schema.getName(), only(schema, column.getPath(), 0));
    return new ParquetTextColumn(name, own, own.getColumns().get(0));
  }

  private static InvalidDataException refused(
      Path file, List<ColumnDescriptor> columns, String reason, String outer) {
    boolean isGroup = columns.stream().anyMatch(each -> name(each).startsWith(outer + "."));
    List<String> texts =
        columns.stream().filter(ParquetTextColumn::isText).map(ParquetTextColumn::name).toList();
    return new InvalidDataException(
        file,
        "%s%s; %s"
            .formatted(
                reason,
                isGroup ? " of texts, but a list or group of that name" : "",
                texts.isEmpty()
                    ? "the file has no column of texts"
                    : "name one of the columns of texts: " + texts));
  }

  private static String name(ColumnDescriptor column) {
    return String.join(".", column.getPath());
  }

  private static boolean isText(ColumnDescriptor column) {
    LogicalTypeAnnotation meaning = column.getPrimitiveType().getLogicalTypeAnnotation();
    boolean isOfCharacters =
        meaning == null
            || meaning.equals(LogicalTypeAnnotation.stringType())
            || meaning.equals(LogicalTypeAnnotation.enumType())
            || meaning.equals(LogicalTypeAnnotation.jsonType());
    return column.getPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BINARY
        && isOfCharacters
        && column.getMaxRepetitionLevel() == 0;
  }

  private static String kind(ColumnDescriptor column) {
    return column.getMaxRepetitionLevel() > 0
        ? "a list"
        : "of type " + column.getPrimitiveType().getPrimitiveTypeName();
  }

  private static Type only(GroupType group, String[] path, int level) {
    Type field = group.getType(path[level]);
    return field.isPrimitive()
        ? field
        : field.asGroupType().withNewFields(only(field.asGroupType(), path, level + 1));
  }

  /** Returns a converter that the library demands and nothing calls. */
  GroupConverter converter() {
    return new Unused(descriptor.getPath().length);
  }

  private static final class Unused extends GroupConverter {
    private final int levels;

    Unused(int levels) {
      this.levels = levels;
    }

    @Override
    public Converter getConverter(int field) {
      return levels > 1 ? new Unused(levels - 1) : new PrimitiveConverter() {};
    }

    @Override
    public void start() {}

    @Override
    public void end() {}
  }
}
