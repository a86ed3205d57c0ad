// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class AtomicWriteTest {
  @TempDir private Path root;

  @Test
  void folder_appearsWholeUnderItsName() throws IOException {
    Path target = root.resolve("runs/a/model");
    AtomicWrite.folder(
        target,
        temporary -> {
          assertThat(target).doesNotExist();
          assertThat(temporary).isEmptyDirectory().hasParent(target.getParent());
          Files.createDirectories(temporary.resolve("sub/deep"));
          Files.writeString(temporary.resolve("sub/deep/x"), "1");
          Files.writeString(temporary.resolve("y"), "2");
        });
    assertThat(target.resolve("sub/deep/x")).hasContent("1");
    assertThat(target.resolve("y")).hasContent("2");
    assertThat(names(target.getParent())).containsExactly("model");
  }

  @Test
  void folder_replacesTheOldOne() throws IOException {
    Path target = root.resolve("model");
    AtomicWrite.folder(target, entries("config", "old", "extra", "x"));
    AtomicWrite.folder(
        target,
        temporary -> {
          assertThat(target.resolve("config")).hasContent("old");
          entries("config", "new").writeTo(temporary);
        });
    assertThat(names(target)).containsExactly("config");
    assertThat(target.resolve("config")).hasContent("new");
    assertThat(names(root)).containsExactly("model");
  }

  @Test
  void folder_thatFailsLeavesTheOldOne() throws IOException {
    Path target = root.resolve("model");
    AtomicWrite.folder(target, entries("config", "old"));
    IOException full = new IOException("No space left on device");
    assertThatIOException()
        .isThrownBy(
            () ->
                AtomicWrite.folder(
                    target,
                    temporary -> {
                      entries("config", "half").writeTo(temporary);
                      throw full;
                    }))
        .withMessage(target + ": No space left on device")
        .withCause(full);
    assertThat(target.resolve("config")).hasContent("old");
    assertThat(names(root)).containsExactly("model");
  }

  @Test
  void folder_thatFailsLeavesNothing() throws IOException {
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                AtomicWrite.folder(
                    root.resolve("model"),
                    temporary -> {
                      entries("config", "half").writeTo(temporary);
                      throw new IllegalStateException("any error");
                    }));
    assertThat(names(root)).isEmpty();
  }

  @Test
  void folder_cleansUpAfterACrash() throws IOException {
    Path half = Files.createDirectories(root.resolve(".tmp-model/sub")).getParent();
    Files.writeString(half.resolve("config"), "half");
    AtomicWrite.folder(root.resolve("model"), entries("other", "new"));
    assertThat(names(root)).containsExactly("model");
    assertThat(names(root.resolve("model"))).containsExactly("other");
  }

  @Test
  void recover_restoresWhatWasBeingReplaced() throws IOException {
    entries("config", "old").writeTo(Files.createDirectory(root.resolve(".old-a")));
    entries("config", "half").writeTo(Files.createDirectory(root.resolve(".tmp-a")));
    entries("config", "old").writeTo(Files.createDirectory(root.resolve(".old-b")));
    entries("config", "new").writeTo(Files.createDirectory(root.resolve("b")));
    Files.writeString(root.resolve("c"), "mine");
    AtomicWrite.recover(root);
    AtomicWrite.recover(root.resolve("not-there"));
    assertThat(names(root)).containsExactly("a", "b", "c");
    assertThat(root.resolve("a/config")).hasContent("old");
    assertThat(root.resolve("b/config")).hasContent("new");
  }

  @Test
  void folder_doesNotReplaceWhatIsNotItsOwn() throws IOException {
    Path home = Files.createDirectory(root.resolve("home"));
    entries("thesis.tex", "years").writeTo(home);
    Path file = Files.writeString(root.resolve("file"), "text");
    for (Path target : List.of(home, file)) {
      assertThatExceptionOfType(FileAlreadyExistsException.class)
          .isThrownBy(() -> AtomicWrite.folder(target, entries("config", "new")));
    }
    assertThat(home.resolve("thesis.tex")).hasContent("years");
    assertThat(file).hasContent("text");
    assertThat(names(root)).containsExactly("file", "home");
  }

  @Test
  void folder_replacesAnEmptyOne() throws IOException {
    Path empty = Files.createDirectory(root.resolve("model"));
    AtomicWrite.folder(empty, entries("config", "new"));
    assertThat(empty.resolve("config")).hasContent("new");
  }

  @Test
  void cleaning_doesNotFollowLinks() throws IOException {
    Path mine = Files.createDirectory(root.resolve("mine"));
    entries("thesis.tex", "years").writeTo(mine);
    Path stale = Files.createDirectory(root.resolve(".tmp-model"));
    Path link = Files.createSymbolicLink(stale.resolve("link"), mine);
    assertThat(link).isDirectory();
    AtomicWrite.recover(root);
    assertThat(names(root)).containsExactly("mine");
    assertThat(mine.resolve("thesis.tex")).hasContent("years");
  }

  @Test
  void file_isReplacedOrLeftAlone() throws IOException {
    Path file = root.resolve("sub/state.json");
    AtomicWrite.file(file, temporary -> Files.writeString(temporary, "1"));
    AtomicWrite.file(file, temporary -> Files.writeString(temporary, "2"));
    assertThat(file).hasContent("2");
    assertThatIOException()
        .isThrownBy(
            () ->
                AtomicWrite.file(
                    file,
                    temporary -> {
                      Files.writeString(temporary, "3");
                      throw new IOException("No space left on device");
                    }));
    assertThat(file).hasContent("2");
    assertThat(names(root.resolve("sub"))).containsExactly("state.json");
  }

  @Test
  void file_doesNotReplaceAFolder() throws IOException {
    Path folder = Files.createDirectory(root.resolve("folder"));
    assertThatIOException()
        .isThrownBy(() -> AtomicWrite.file(folder, path -> Files.writeString(path, "1")));
    assertThat(names(root)).containsExactly("folder");
  }

  /** Some failures, such as that of a read-only disk, name the temporary in place of the file. */
  @Test
  void failure_namesWhatWasToBeWritten() {
    Path file = root.resolve("x.png");
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(() -> AtomicWrite.file(file, path -> fail(path, "Read-only file system")))
        .withMessage(file + ": Read-only file system");
    assertThatExceptionOfType(AccessDeniedException.class)
        .isThrownBy(() -> AtomicWrite.file(file, AtomicWriteTest::deny))
        .withMessage(file.toString());
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(() -> AtomicWrite.folder(file, path -> fail(path.resolve("config"), "full")))
        .withMessage(file.resolve("config") + ": full");
    Path other = root.resolve("y");
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(() -> AtomicWrite.file(file, path -> fail(other, "full")))
        .withMessage(other + ": full");
  }

  private static void fail(Path file, String reason) throws IOException {
    throw new FileSystemException(file.toString(), null, reason);
  }

  private static void deny(Path file) throws IOException {
    throw new AccessDeniedException(file.toString());
  }

  @Test
  void root_hasNoName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AtomicWrite.folder(root.getRoot(), temporary -> {}));
  }

  private static AtomicWrite.Content entries(String... namesAndTexts) {
    return folder -> {
      for (int i = 0; i < namesAndTexts.length; i += 2) {
        Path written = folder.resolve(namesAndTexts[i]);
        Files.writeString(written, namesAndTexts[i + 1]);
      }
    };
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.map(child -> child.getFileName().toString()).sorted().toList();
    }
  }
}
