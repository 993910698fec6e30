package dev.quern.worker.device;

import io.temporal.worker.tuning.ActivitySlotInfo;
import io.temporal.worker.tuning.SlotMarkUsedContext;
import io.temporal.worker.tuning.SlotPermit;
import io.temporal.worker.tuning.SlotReleaseContext;
import io.temporal.worker.tuning.SlotReserveContext;
import io.temporal.worker.tuning.SlotSupplier;
import io.temporal.worker.tuning.SlotSupplierFuture;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The one place for work on a device, shared by the pollers of all its queues: while there is work, none of them asks
 * for more. A poll that was under way when the work began may bring more all the same; {@link #enter} turns that away.
 *
 * <p>After a slice that leaves some of its segment, the pollers of other queues hold back for a moment, so that the
 * rest comes first.
 */
public final class DeviceSlot {
    private final long holdBackNanos;
    private boolean occupied;
    private boolean draining;
    private int used;
    private long holdBackUntil = System.nanoTime();

    public DeviceSlot(Duration holdBack) {
        this.holdBackNanos = holdBack.toNanos();
    }

    /** False when other work is on the device, or no more is to come. */
    public synchronized boolean enter() {
        if (occupied || draining) {
            return false;
        }
        occupied = true;
        return true;
    }

    public synchronized void leave() {
        occupied = false;
        notifyAll();
    }

    /**
     * Nothing enters any more, and present work ends at the next point from which another worker can continue; returns
     * when it has, or when the time is up.
     */
    public synchronized void drain(Duration patience) throws InterruptedException {
        draining = true;
        long end = System.nanoTime() + patience.toNanos();
        for (long left = patience.toNanos(); occupied && left > 0; left = end - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    public synchronized boolean draining() {
        return draining;
    }

    /** The work that ends now will be followed by more of the same. */
    public synchronized void moreToCome() {
        holdBackUntil = System.nanoTime() + holdBackNanos;
    }

    /**
     * For the only poller of a queue.
     *
     * @param holdsBack whether work that follows on other work comes before that of this queue
     */
    public SlotSupplier<ActivitySlotInfo> poller(boolean holdsBack) {
        return new Poller(holdsBack);
    }

    private synchronized void free(Poller poller) throws InterruptedException {
        while (draining || poller.reserved || used > 0 || held(poller) > 0) {
            wait(held(poller) / 1_000_000 + 1000);
        }
        poller.reserved = true;
    }

    private long held(Poller poller) {
        return poller.holdsBack ? Math.max(0, holdBackUntil - System.nanoTime()) : 0;
    }

    private synchronized void use() {
        used++;
    }

    private synchronized void release(Poller poller, boolean wasUsed) {
        poller.reserved = false;
        used -= wasUsed ? 1 : 0;
        notifyAll();
    }

    private final class Poller implements SlotSupplier<ActivitySlotInfo> {
        private final boolean holdsBack;
        private boolean reserved;

        Poller(boolean holdsBack) {
            this.holdsBack = holdsBack;
        }

        /** Waits on the poller's own thread, which is interrupted when the worker ends. */
        @Override
        public SlotSupplierFuture reserveSlot(SlotReserveContext<ActivitySlotInfo> context)
                throws InterruptedException {
            free(this);
            return SlotSupplierFuture.completedFuture(new SlotPermit());
        }

        /** For work that comes with a workflow's task, which this process has none of. */
        @Override
        public Optional<SlotPermit> tryReserveSlot(SlotReserveContext<ActivitySlotInfo> context) {
            return Optional.empty();
        }

        @Override
        public void markSlotUsed(SlotMarkUsedContext<ActivitySlotInfo> context) {
            use();
        }

        @Override
        public void releaseSlot(SlotReleaseContext<ActivitySlotInfo> context) {
            release(this, context.getSlotInfo() != null);
        }

        @Override
        public Optional<Integer> getMaximumSlots() {
            return Optional.of(1);
        }
    }
}
