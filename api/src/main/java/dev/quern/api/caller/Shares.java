package dev.quern.api.caller;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A fixed amount of something, shared fairly: a holder gets more only while at least as much as it then holds stays
 * free. So one holder alone takes at most half, two take at most a third each, and something stays free for a newcomer.
 * (The dynamic threshold of Choudhury and Hahne, 1998, with a factor of one.)
 */
public final class Shares {
    private final Map<String, Integer> held = new HashMap<>();
    private int free;

    public Shares(int amount) {
        if (amount < 2) {
            throw new IllegalArgumentException("amount: " + amount + " (expected: at least 2, or nobody gets any)");
        }
        this.free = amount;
    }

    /** Waits until the holder may have this much, at most for {@code patience}; false means that it got nothing. */
    public synchronized boolean take(String holder, int amount, Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (held.getOrDefault(holder, 0) + amount > free - amount) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        free -= amount;
        held.merge(holder, amount, Integer::sum);
        return true;
    }

    public synchronized void release(String holder, int amount) {
        free += amount;
        held.computeIfPresent(holder, (name, before) -> before == amount ? null : before - amount);
        notifyAll();
    }
}
