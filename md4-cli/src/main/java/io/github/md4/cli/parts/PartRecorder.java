// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.parts;

import io.github.md4.core.Division;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** A division of which one part is computed and kept. */
final class PartRecorder implements Division {
  private final PartNumber part;
  private final List<Optional<byte[]>> results = new ArrayList<>();

  PartRecorder(PartNumber part) {
    this.part = part;
  }

  @Override
  public int parts() {
    return part.count();
  }

  @Override
  public List<Optional<byte[]>> round(List<Supplier<byte[]>> items) {
    int own = part.index() - 1;
    Optional<byte[]> result =
        own < items.size() ? Optional.of(items.get(own).get()) : Optional.empty();
    results.add(result);
    return IntStream.range(0, items.size())
        .mapToObj(i -> i == own ? result : Optional.<byte[]>empty())
        .toList();
  }

  PartFile file(PartFile.About about) {
    return new PartFile(about, results);
  }
}
