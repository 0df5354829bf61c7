// A small thread pool for one frame at a time. Threads sleep between jobs and never spin: a spinning wait stalls
// for a scheduler's time slice whenever another process holds a core.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace avatar {

// How many threads take part. A thread that another process pushed off its core in the middle of a task makes all
// others wait for a scheduler's time slice (about 3 ms). Where that costs more than the threads save, fewer take part,
// and more are tried again later, each time later where it goes wrong again at once. A large picture's jobs save more
// than a time slice, a small one's do not.
class Governor {
   public:
    explicit Governor(int threads) : threads_(threads), active_(threads) {}
    int active() const { return active_; }
    // What the last job was like: how long the caller worked, and waited for the others after that.
    void note(double worked_ms, double waited_ms);

   private:
    int threads_, active_;
    double lost_ms_ = 0;
    int patience_ = kShortest, left_ = 0, calm_ = kCalm;
    static constexpr int kShortest = 32, kLongest = 1024, kCalm = 128;  // jobs; a frame has four
};

class Pool {
   public:
    // `threads` includes the caller's; 1 runs everything there.
    explicit Pool(int threads);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    int threads() const { return static_cast<int>(workers_.size()) + 1; }
    int active() const { return governor_.active(); }  // of them, at the moment

    // Calls task(i) for every i in [0, count), on all threads; returns when all are done. The caller works too and
    // does not wait for threads that found nothing left to do.
    void run(int count, const std::function<void(int)>& task);

   private:
    struct Job;
    void work(int number);
    static int take(Job& job);

    Governor governor_;
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    Job* job_ = nullptr;  // guarded by mutex_
    int active_ = 1;      // threads that may take part in it, guarded by mutex_
    uint64_t generation_ = 0;
    bool stop_ = false;
    std::vector<std::thread> workers_;
};

}  // namespace avatar
