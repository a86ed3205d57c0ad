// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.ImportTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The rule that what the Javadoc shows of core, train and sample names no internal type: a public
 * signature that has one is {@code @hidden} there. A type within an internal one of the same module
 * may not even stand in a hidden signature of a type that is shown: the javadoc tool of Java 17
 * ends on it, and a release with it. Checked on the syntax of the main sources.
 */
@Tag("exact")
final class ApiTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Pattern INTERNAL =
      Pattern.compile("io\\.github\\.md4\\.(\\w+)\\.(\\w+\\.)*internal\\..*");

  @Test
  void signatures_nameNoInternalTypeUnlessHidden() throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<String> leaks = new ArrayList<>();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null, files, null, null, null, files.getJavaFileObjectsFromPaths(sources()));
      DocTrees docs = DocTrees.instance(task);
      for (CompilationUnitTree unit : task.parse()) {
        Set<String> internal = internalNames(unit, "\\w+");
        if (!internal.isEmpty()) {
          Set<String> own = internalNames(unit, moduleOf(unit));
          new Signatures(docs, internal, own, leaks).scan(unit, false);
        }
      }
    }
    assertThat(leaks).isEmpty();
  }

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String module : List.of("md4-core", "md4-train", "md4-sample")) {
      try (Stream<Path> all = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
        all.filter(file -> file.toString().endsWith(".java"))
            .filter(file -> !file.toString().contains("/internal/"))
            .forEach(sources::add);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }
    assertThat(sources).hasSizeGreaterThan(300);
    return sources;
  }

  private static String moduleOf(CompilationUnitTree unit) {
    return unit.getPackageName().toString().split("\\.", -1)[3];
  }

  /** Returns the imported types of internal packages of a module, by their simple names. */
  private static Set<String> internalNames(CompilationUnitTree unit, String module) {
    Set<String> names = new HashSet<>();
    for (ImportTree each : unit.getImports()) {
      String name = each.getQualifiedIdentifier().toString();
      Matcher matcher = INTERNAL.matcher(name);
      if (matcher.matches() && matcher.group(1).matches(module)) {
        names.add(name.substring(name.lastIndexOf('.') + 1));
      }
    }
    return names;
  }

  /** A walk over the declarations that callers see; the argument is whether they see this one. */
  private static final class Signatures extends TreePathScanner<Void, Boolean> {
    private final DocTrees docs;
    private final Set<String> internal;
    private final Set<String> own;
    private final List<String> leaks;
    private boolean isInInterface;

    Signatures(DocTrees docs, Set<String> internal, Set<String> own, List<String> leaks) {
      this.docs = docs;
      this.internal = internal;
      this.own = own;
      this.leaks = leaks;
    }

    @Override
    public Void visitClass(ClassTree type, Boolean isOuterSeen) {
      boolean isTop = getCurrentPath().getParentPath().getLeaf() instanceof CompilationUnitTree;
      boolean isSeen = (isTop || isOuterSeen) && isPublic(type.getModifiers().getFlags());
      if (!isSeen || isHidden()) {
        return null;
      }
      boolean wasInInterface = isInInterface;
      isInInterface = type.getKind() == Tree.Kind.INTERFACE;
      if (type.getKind() == Tree.Kind.RECORD) {
        for (Tree member : type.getMembers()) {
          if (member instanceof VariableTree field
              && !field.getModifiers().getFlags().contains(Modifier.STATIC)) {
            check(field.getType(), type.getSimpleName() + "." + field.getName());
          }
        }
      }
      for (Tree parent : type.getImplementsClause()) {
        check(parent, type.getSimpleName() + " implements");
      }
      super.visitClass(type, true);
      isInInterface = wasInInterface;
      return null;
    }

    @Override
    public Void visitMethod(MethodTree method, Boolean isSeen) {
      if (isSeen && isPublic(method.getModifiers().getFlags())) {
        String name = method.getName() + "(" + method.getParameters() + ")";
        List<Tree> types = new ArrayList<>();
        types.add(method.getReturnType());
        method.getParameters().forEach(parameter -> types.add(parameter.getType()));
        boolean isHidden = isHidden();
        types.forEach(type -> checkWithin(type, name));
        types.stream().filter(type -> !isHidden).forEach(type -> check(type, name));
      }
      return null; // bodies may name what they like
    }

    private boolean isPublic(Set<Modifier> flags) {
      boolean isPrivate = flags.contains(Modifier.PRIVATE);
      return flags.contains(Modifier.PUBLIC)
          || flags.contains(Modifier.PROTECTED)
          || (isInInterface && !isPrivate);
    }

    private boolean isHidden() {
      String comment = docs.getDocComment(getCurrentPath());
      return comment != null && comment.contains("@hidden");
    }

    /** Looks at the type alone: in the arguments of a type the tool takes what it will. */
    private void checkWithin(Tree type, String where) {
      if (type instanceof MemberSelectTree name && own.contains(name.getExpression().toString())) {
        leaks.add(where + " names " + name + ", which is within an internal type");
      }
    }

    private void check(Tree signature, String where) {
      new TreeScanner<Void, Void>() {
        @Override
        public Void visitIdentifier(IdentifierTree name, Void unused) {
          if (internal.contains(name.getName().toString())) {
            leaks.add(where + " names " + name);
          }
          return null;
        }
      }.scan(signature, null);
    }
  }
}
