// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A component that is one of several records. */
final class ChoiceTypeTest {
  @TempDir private Path folder;

  /** One of two. */
  public sealed interface Animal {
    /** The dog is the first. */
    static Map<String, Class<?>> kinds() {
      Map<String, Class<?>> kinds = new LinkedHashMap<>();
      kinds.put("dog", Dog.class);
      kinds.put("cat", Cat.class);
      return kinds;
    }
  }

  /** Has defaults. */
  public record Dog(int legs, boolean barks) implements Animal {
    public static Dog defaults() {
      return new Dog(4, true);
    }
  }

  /** Has other keys, and defaults. */
  public record Cat(int lives, double purr) implements Animal {
    public static Cat defaults() {
      return new Cat(9, 0.5);
    }
  }

  /** Without a default of its own. */
  public record Home(String street, Animal pet) {}

  /** Whose default is not the first kind. */
  public record Shelter(Animal guest) {
    public static Shelter defaults() {
      return new Shelter(new Cat(7, 0.25));
    }
  }

  private <T extends Record> T load(Class<T> type, String yaml, String... overrides)
      throws IOException {
    Path file = Files.writeString(folder.resolve("c.yaml"), "version: 1\n" + yaml);
    return ConfigLoader.load(file, List.of(overrides), type);
  }

  @Test
  void kind_picksTheRecord() throws IOException {
    Home home = load(Home.class, "street: a\npet:\n  lives: 3\n  kind: cat\n");
    assertThat(home.pet()).isEqualTo(new Cat(3, 0.5));
    assertThat(load(Home.class, "street: a\npet: {kind: cat}\n", "pet.purr=1").pet())
        .isEqualTo(new Cat(9, 1));
  }

  @Test
  void withoutAKind_itIsTheFirst() throws IOException {
    assertThat(load(Home.class, "street: a\npet: {legs: 3}\n").pet()).isEqualTo(new Dog(3, true));
    assertThat(load(Home.class, "street: a\npet:\n").pet()).isEqualTo(Dog.defaults());
    assertThat(load(Home.class, "street: a\n").pet()).isEqualTo(Dog.defaults());
  }

  @Test
  void withoutAKind_itIsTheDefaults() throws IOException {
    assertThat(load(Shelter.class, "").guest()).isEqualTo(new Cat(7, 0.25));
    assertThat(load(Shelter.class, "guest: {lives: 2}\n").guest()).isEqualTo(new Cat(2, 0.25));
    assertThat(load(Shelter.class, "guest: {kind: dog}\n").guest()).isEqualTo(Dog.defaults());
  }

  @Test
  void unknownKind_isNamedWithAllThereAre() {
    assertThatThrownBy(() -> load(Home.class, "street: a\npet:\n  kind: cow\n"))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessage(
            folder.resolve("c.yaml") + ":4: pet.kind: must be one of dog, cat, but is 'cow'");
  }

  @Test
  void keyOfAnotherKind_isUnknown() {
    assertThatThrownBy(() -> load(Home.class, "street: a\npet:\n  kind: dog\n  lives: 3\n"))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageContaining("c.yaml:5: pet.lives: is not a key");
  }

  @Test
  void write_isReadBackEqual() throws IOException {
    for (Animal pet : List.of(new Dog(3, false), new Cat(1, 0.125))) {
      Home home = new Home("b", pet);
      Path file = Files.writeString(folder.resolve("w.yaml"), ConfigWriter.write(home));
      assertThat(ConfigLoader.load(file, List.of(), Home.class)).isEqualTo(home);
    }
  }
}
