// A kiosk with four threads that accept for themselves, and locks that do not say who has them. The comment hang: NAME is where.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::{env, thread, time::Duration};

struct Kiosk {
    papers: Mutex<u32>,
    coins: Mutex<u32>,
}

impl Kiosk {
    fn sell(&self, first: &Mutex<u32>, second: &Mutex<u32>) {
        let _one = first.lock().unwrap();
        thread::sleep(Duration::from_millis(400));
        let _other = second.lock().unwrap(); // hang: sell
    }

    fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let mut request = [0; 4096];
        let n = client.read(&mut request)?;
        match String::from_utf8_lossy(&request[..n]).split(' ').nth(1) {
            Some("/sell") => self.sell(&self.papers, &self.coins),
            Some("/refund") => self.sell(&self.coins, &self.papers),
            _ => {}
        }
        client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n")
    }
}

fn main() {
    let listener = TcpListener::bind(format!("127.0.0.1:{}", env::var("PORT").unwrap())).unwrap();
    let kiosk = Arc::new(Kiosk { papers: Mutex::new(9), coins: Mutex::new(9) });
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let (listener, kiosk) = (listener.try_clone().unwrap(), kiosk.clone());
            let serve = move || loop {
                let (client, _) = listener.accept().unwrap();
                let _ = kiosk.serve(client);
            };
            thread::Builder::new().name(format!("seller-{}", n)).spawn(serve).unwrap()
        })
        .collect();
    for one in threads {
        one.join().unwrap();
    }
}
