// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import blue.strategic.parquet.ParquetWriter;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/** Parquet files with a column of texts. */
final class ParquetFiles {
  private ParquetFiles() {}

  static Path write(Path file) throws IOException {
    MessageType schema =
        new MessageType(
            "rows",
            Types.required(PrimitiveTypeName.INT64).named("id"),
            Types.optional(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.stringType())
                .named("text"));
    try (ParquetWriter<Integer> writer =
        ParquetWriter.writeFile(
            schema,
            file.toFile(),
            (row, values) -> {
              values.write("id", (long) row);
              values.write("text", "document number " + row);
            })) {
      for (int row = 0; row < 50; row++) {
        writer.write(row);
      }
    }
    return file;
  }
}
