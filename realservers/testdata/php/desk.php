<?php
// A front desk with one book, which everybody locks before writing into it.
if ($_GET['page'] === 'book') {
    $book = fopen(__DIR__ . '/book', 'a');
    flock($book, LOCK_EX); // hang: book
}
echo "ok\n";
