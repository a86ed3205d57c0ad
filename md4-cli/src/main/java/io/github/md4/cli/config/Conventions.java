// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import io.github.md4.core.ConfigGroup;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The conventions by which records describe their configs; the only reflection of this package. */
final class Conventions {
  private Conventions() {}

  /** Returns {@code T.defaults()}; empty where {@code T} has none. */
  static Optional<Object> defaults(Class<?> type) {
    return factory(type, "defaults").map(method -> call(() -> method.invoke(null)));
  }

  /**
   * Returns the keys of a record whose value, where it is left out, is that of another key: {@code
   * T.derived()} of the record and of its groups.
   */
  static Map<String, String> derived(Class<?> type) {
    Map<String, String> derived = new LinkedHashMap<>();
    Arrays.stream(type.getDeclaredMethods())
        .filter(method -> method.getName().equals("derived") && method.getParameterCount() == 0)
        .filter(method -> Modifier.isStatic(method.getModifiers()))
        .map(method -> (Map<?, ?>) call(() -> method.invoke(null)))
        .forEach(map -> map.forEach((key, of) -> derived.put((String) key, (String) of)));
    for (RecordComponent component : type.getRecordComponents()) {
      if (ConfigGroup.class.isAssignableFrom(component.getType())) {
        derived.putAll(derived(component.getType()));
      }
    }
    return derived;
  }

  /** Returns {@code T.parse(String)}; empty where {@code T} has none. */
  static Optional<Function<String, Object>> parser(Class<?> type) {
    return factory(type, "parse", String.class)
        .map(method -> text -> call(() -> method.invoke(null, text)));
  }

  /** Returns {@code T.kinds()}; empty where {@code T} has none. */
  static Optional<Map<String, Class<?>>> kinds(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> method.getName().equals("kinds") && method.getParameterCount() == 0)
        .filter(method -> Modifier.isStatic(method.getModifiers()))
        .findFirst()
        .map(method -> kinds((Map<?, ?>) call(() -> method.invoke(null))));
  }

  private static Map<String, Class<?>> kinds(Map<?, ?> declared) {
    Map<String, Class<?>> kinds = new LinkedHashMap<>();
    declared.forEach((name, kind) -> kinds.put((String) name, (Class<?>) kind));
    return kinds;
  }

  private static Optional<Method> factory(Class<?> type, String name, Class<?>... parameters) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> method.getName().equals(name) && method.getReturnType() == type)
        .filter(method -> Arrays.equals(method.getParameterTypes(), parameters))
        .filter(method -> Modifier.isStatic(method.getModifiers()))
        .filter(method -> Modifier.isPublic(method.getModifiers()))
        .findFirst();
  }

  /** Returns the value of {@code component} in {@code instance}. */
  static Object get(RecordComponent component, Object instance) {
    return call(() -> component.getAccessor().invoke(instance));
  }

  /** Returns a new record. An exception of its constructor is thrown as it is. */
  static Object construct(Class<?> type, Object[] values) {
    Class<?>[] parameters =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    return call(
        () -> {
          Constructor<?> canonical = type.getDeclaredConstructor(parameters);
          return canonical.newInstance(values);
        });
  }

  /** A call by reflection. */
  private interface Call {
    Object run() throws ReflectiveOperationException;
  }

  private static Object call(Call call) {
    try {
      return call.run();
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("a config's constructor failed", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a config type and its members must be public", e);
    }
  }
}
