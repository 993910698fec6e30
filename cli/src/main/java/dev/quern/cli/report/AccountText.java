package dev.quern.cli.report;

import dev.quern.cli.console.Console;
import dev.quern.engine.model.ConfigKeys.Use;
import dev.quern.engine.run.Account;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** An account of a checkpoint, for people. */
public final class AccountText {
    private AccountText() {}

    /** @param all every tensor, key and file on a line of its own, not only the remarks */
    public static void print(Console console, Account account, boolean all) {
        if (all) {
            console.print("");
            console.print("tensors   " + counts(account.tensors().stream().map(Account.Tensor::fate)));
            account.tensors().forEach(tensor -> console.print("  " + line(tensor)));
            console.print("keys      " + counts(account.keys().stream().map(Account.Key::use)));
            for (Use use : Use.values()) {
                String keys = account.keys().stream()
                        .filter(key -> key.use() == use)
                        .map(Account.Key::name)
                        .collect(Collectors.joining(", "));
                if (!keys.isEmpty()) {
                    console.print("  " + word(use) + ": " + keys);
                }
            }
            console.print("files     " + counts(account.files().stream().map(Account.File::fate)));
            account.files().forEach(file -> console.print("  " + file.name() + ": " + word(file.fate())));
        }
        account.remarks().forEach(remark -> console.print("note      " + remark));
    }

    private static String line(Account.Tensor tensor) {
        String stored = tensor.storedAs() == null ? "" : " (stored as " + tensor.storedAs() + ")";
        String reason = tensor.reason() == null ? "" : ", " + tensor.reason();
        return tensor.name() + stored + ": " + word(tensor.fate()) + reason;
    }

    /** "28 compressed, 10 copied": in the order of the constants, those that occur. */
    private static String counts(Stream<? extends Enum<?>> values) {
        return values
                .sorted()
                .collect(Collectors.groupingBy(AccountText::word, LinkedHashMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .map(entry -> entry.getValue() + " " + entry.getKey())
                .collect(Collectors.joining(", "));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
