// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** JSON in which no number wraps or is cut, and nothing is nested without end. */
public final class StrictJson {
  private static final int DEEPEST = 200;
  private static final Pattern PLACE = Pattern.compile("at line \\d+ column \\d+");

  private StrictJson() {}

  /**
   * {@return the object that a text holds}
   *
   * @param text a complete JSON document
   * @throws IllegalArgumentException if it holds none, or is nested too deeply
   */
  public static JsonObject object(String text) {
    checkDepth(text);
    try {
      return JsonParser.parseString(text).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException | UnsupportedOperationException e) {
      Matcher place = PLACE.matcher(String.valueOf(e.getMessage()));
      throw new IllegalArgumentException(
          "not a JSON object" + (place.find() ? ", wrong " + place.group() : ""), e);
    }
  }

  /**
   * {@return a finite number, as the nearest double}
   *
   * @param value may be null, where the key is absent
   * @param name what it is, for the message
   * @throws IllegalArgumentException if it is none, a text for example, or would become 0 or
   *     infinite
   */
  public static double number(JsonElement value, String name) {
    try {
      return Decimals.of(decimal(value, name, "a number of 64 bits"));
    } catch (ArithmeticException | NumberFormatException e) {
      throw new IllegalArgumentException(name + " must be a number of 64 bits: " + value, e);
    }
  }

  /**
   * As {@link #number}, of a whole number of 32 bits, which is neither wrapped nor cut.
   *
   * @param value may be null, where the key is absent
   * @param name what it is, for the message
   * @return the number
   * @throws IllegalArgumentException if it is no whole number that an int holds
   */
  public static int whole(JsonElement value, String name) {
    try {
      return decimal(value, name, "a whole number").intValueExact();
    } catch (ArithmeticException | NumberFormatException e) {
      throw new IllegalArgumentException(name + " must be a whole number: " + value, e);
    }
  }

  private static BigDecimal decimal(JsonElement value, String name, String expected) {
    if (value instanceof JsonPrimitive primitive && primitive.isNumber()) {
      return primitive.getAsBigDecimal();
    }
    throw new IllegalArgumentException(name + " must be " + expected + ": " + value);
  }

  private static void checkDepth(String text) {
    int depth = 0;
    boolean isInString = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isInString) {
        i += c == '\\' ? 1 : 0;
        isInString = c != '"';
      } else if (c == '"') {
        isInString = true;
      } else if (c == '[' || c == '{') {
        depth++;
      } else if (c == ']' || c == '}') {
        depth--;
      }
      if (depth > DEEPEST) {
        throw new IllegalArgumentException(
            "not a JSON object: its brackets are nested deeper than " + DEEPEST);
      }
    }
  }

  /**
   * {@return a builder of readers into records} A number that its type does not hold exactly, a
   * number or a boolean that is null or a text is an {@link IllegalArgumentException}.
   */
  public static GsonBuilder builder() {
    TypeAdapter<Integer> ints = number(BigDecimal::intValueExact, "a whole number of 32 bits");
    TypeAdapter<Long> longs = number(BigDecimal::longValueExact, "a whole number of 64 bits");
    TypeAdapter<Double> doubles = number(Decimals::of, "a number of 64 bits");
    return new GsonBuilder()
        .registerTypeAdapter(int.class, ints)
        .registerTypeAdapter(Integer.class, ints)
        .registerTypeAdapter(long.class, longs)
        .registerTypeAdapter(Long.class, longs)
        .registerTypeAdapter(double.class, doubles)
        .registerTypeAdapter(Double.class, doubles)
        .registerTypeAdapter(boolean.class, new Booleans());
  }

  private interface Exact<T> {
    T of(BigDecimal number);
  }

  private static <T extends Number> TypeAdapter<T> number(Exact<T> exact, String expected) {
    return new TypeAdapter<>() {
      @Override
      public void write(JsonWriter out, T value) throws IOException {
        out.value(value);
      }

      @Override
      public T read(JsonReader in) throws IOException {
        if (in.peek() != JsonToken.NUMBER) {
          throw wrong(in, expected, name(in.peek()));
        }
        String text = in.nextString();
        try {
          return exact.of(new BigDecimal(text));
        } catch (ArithmeticException | NumberFormatException e) {
          throw new IllegalArgumentException(wrong(in, expected, text).getMessage(), e);
        }
      }
    };
  }

  private static String name(JsonToken token) {
    return token.name().toLowerCase(Locale.ROOT).replace("begin_", "");
  }

  private static IllegalArgumentException wrong(JsonReader in, String expected, String given) {
    String place = in.getPath().replaceFirst("^\\$\\.?", "");
    return new IllegalArgumentException(place + " must be " + expected + ": " + given);
  }

  private static final class Booleans extends TypeAdapter<Boolean> {
    @Override
    public void write(JsonWriter out, Boolean value) throws IOException {
      out.value(value);
    }

    @Override
    public Boolean read(JsonReader in) throws IOException {
      if (in.peek() != JsonToken.BOOLEAN) {
        throw wrong(in, "true or false", name(in.peek()));
      }
      return in.nextBoolean();
    }
  }
}
