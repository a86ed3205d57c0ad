// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plot;

import io.github.md4.cli.plot.Chart.Line;
import io.github.md4.core.Decimals;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Points of named lines in a file of comma-separated values with the head {@code name,x,y}. */
final class PointsFile {
  private static final String HEAD = "name,x,y";

  private PointsFile() {}

  /**
   * Returns the lines of a file in the order of their first points.
   *
   * @throws InvalidDataException if it is another file or a number is none
   */
  static List<Line> read(Path file) throws IOException {
    List<String> rows = new UntrustedFile(file).text().lines().toList();
    if (rows.isEmpty() || !rows.get(0).equals(HEAD)) {
      throw new InvalidDataException(file, "must begin with the line " + HEAD);
    }
    Map<String, SortedMap<Double, Double>> points = new LinkedHashMap<>();
    for (int i = 1; i < rows.size(); i++) {
      String[] row = rows.get(i).split(",", -1);
      SortedMap<Double, Double> line = points.computeIfAbsent(row[0], name -> new TreeMap<>());
      line.put(number(file, i, row, 1), number(file, i, row, 2));
    }
    List<Line> lines = new ArrayList<>();
    points.forEach((name, line) -> lines.add(line(name, line)));
    return lines;
  }

  private static double number(Path file, int row, String[] columns, int column) {
    try {
      if (columns.length == 3) {
        return Decimals.parse(columns[column].strip());
      }
    } catch (NumberFormatException e) {
      throw new InvalidDataException(file, "line %d has no number there".formatted(row + 1), e);
    }
    throw new InvalidDataException(file, "line %d must be %s".formatted(row + 1, HEAD));
  }

  /** Returns a line through points. */
  static Line line(String name, SortedMap<Double, Double> points) {
    return new Line(
        name,
        points.keySet().stream().mapToDouble(Double::doubleValue).toArray(),
        points.values().stream().mapToDouble(Double::doubleValue).toArray());
  }
}
